package checks

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "volume-type",
	Title: "Volume type not allowed",
	Description: "What a volume is decides what a pod can reach through it. Some types mount files of the node or run a driver there " +
		"as root; others mount storage on the network at an address, and with rights, that the pod itself chooses, so that an " +
		"attacker who may create pods reads the data of others.",
	Remediation: "Use a type of volume that the baseline allows; where storage is needed, claim it with a persistentVolumeClaim.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Restricted: Volume Types"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Volumes.AllowedTypes != nil // an empty list allows none
	},
	Run: runVolumeType,
})

func runVolumeType(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for i := range in.Workload.Pod.Volumes {
		volume := &in.Workload.Pod.Volumes[i]
		if !allowsVolume(in, volume) {
			findings = append(findings, typesOf(in, volume)...)
		}
		if len(findings) > maxFound {
			break
		}
	}
	return boundVolumes(in, append(findings, claims(in)...))
}

const claim = "persistentVolumeClaim"

// claims finds the volumes that a StatefulSet adds to its pods. Under the Pod Security Standards they are always allowed.
func claims(in *engine.Input) []engine.Finding {
	if len(in.Workload.Claims) == 0 || slices.Contains(in.Declared.Workloads.Volumes.AllowedTypes, claim) {
		return nil
	}
	var findings []engine.Finding
	for i := range in.Workload.Claims[:min(len(in.Workload.Claims), maxFound+1)] {
		name := in.Workload.Claims[i].Name
		findings = append(findings, engine.Finding{
			Path:        strings.TrimSuffix(in.Workload.PodPath, "template.spec") + "volumeClaimTemplates[" + name + "]",
			Value:       claim,
			Expected:    oneOf(in.Declared.Workloads.Volumes.AllowedTypes),
			Actual:      claim,
			Message:     "The StatefulSet gives its pods volume " + name + " of type " + claim + ", which baseline " + in.Baseline + " does not allow.",
			Remediation: "Remove the claim from spec.volumeClaimTemplates, and use a volume of a type that the baseline allows.",
		})
	}
	return findings
}

// allowsVolume says whether one of the volume's types is allowed, as in the Pod Security Standards: the API server lets a
// volume have no more than one.
func allowsVolume(in *engine.Input, volume *corev1.Volume) bool {
	if isToken(in, volume) {
		return true
	}
	left, others := false, false
	for name := range workload.VolumeTypes(volume) {
		switch {
		case judgedByPath(in, name):
			left = true
		case slices.Contains(in.Declared.Workloads.Volumes.AllowedTypes, v1alpha1.VolumeType(name)):
			return true
		default:
			others = true
		}
	}
	return left && !others
}

// isToken says whether the API server put the volume into a live pod, to mount the token of its ServiceAccount. No team
// writes it, and service-account-token judges it.
func isToken(in *engine.Input, volume *corev1.Volume) bool {
	return in.Workload.Kind == "Pod" && in.Workload.Meta.UID != "" && volume.Projected != nil && strings.HasPrefix(volume.Name, "kube-api-access-")
}

// judgedByPath leaves volumes of type hostPath to the check host-path, where the baseline says which paths are allowed.
func judgedByPath(in *engine.Input, name string) bool {
	return name == "hostPath" && in.Declared.Workloads.Volumes.AllowedHostPaths != nil
}

// typesOf makes a finding of each type of a volume. In a file, a volume may have none: the API server would make it an
// emptyDir, but nobody has said so yet.
func typesOf(in *engine.Input, volume *corev1.Volume) []engine.Finding {
	expected := oneOf(in.Declared.Workloads.Volumes.AllowedTypes)
	var findings []engine.Finding
	for name := range workload.VolumeTypes(volume) {
		if judgedByPath(in, name) {
			continue
		}
		findings = append(findings, engine.Finding{
			Path:     volumePath(in, volume.Name, ""),
			Value:    name,
			Expected: expected,
			Actual:   name,
			Message:  "Volume " + volume.Name + " is of type " + name + ", which baseline " + in.Baseline + " does not allow.",
		})
	}
	if findings != nil {
		return findings
	}
	return []engine.Finding{{
		Path:        volumePath(in, volume.Name, ""),
		Value:       "unknown",
		Expected:    expected,
		Actual:      none,
		Message:     "Volume " + volume.Name + " is of no type that is known, which baseline " + in.Baseline + " does not allow.",
		Remediation: "Give the volume a type that the baseline allows, such as emptyDir: {} where that is one.",
	}}
}
