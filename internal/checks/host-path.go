package checks

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "host-path",
	Title: "Path of the node not allowed",
	Description: "A hostPath volume mounts a file or a directory of the node. Read, it gives an attacker the secrets of the node and " +
		"of the other pods there; written, it hands over the node, through a cron job, a key of SSH or the manifest of a static pod. " +
		"Where a path is allowed read-only, every mount of it must set readOnly; file systems that are mounted below the path stay " +
		"writable all the same, unless the mount also sets recursiveReadOnly. A path with .. in it, or through the links of /proc to " +
		"elsewhere, is allowed only where / is.",
	Remediation: "Remove the volume, or mount a path that the baseline allows; keep data in a persistentVolumeClaim or an emptyDir.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Baseline: HostPath Volumes"),
		cis("5.2.11 Minimize the admission of HostPath volumes"),
		nsa("Pod security enforcement"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Volumes.AllowedHostPaths != nil // an empty list allows none
	},
	Run: runHostPath,
})

// maxHostPaths bounds how many volumes are looked for in all mounts of a pod: the API server accepts tens of thousands of
// each. What is not judged does not pass.
const maxHostPaths = 1024

func runHostPath(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	judged := 0
	for i := range in.Workload.Pod.Volumes {
		volume := &in.Workload.Pod.Volumes[i]
		if volume.HostPath == nil || in.Reading.OneVolumeTypeSuffices && hasAllowedType(in, volume) {
			continue
		}
		if judged++; judged > maxHostPaths {
			return append(findings, tooManyPaths(in))
		}
		allowed, readOnly := allowsPath(in, volume.HostPath.Path)
		switch {
		case !allowed:
			findings = append(findings, pathNotAllowed(in, volume))
		case readOnly:
			findings = writableMounts(in, volume, findings)
		}
		if len(findings) > maxFound {
			break
		}
	}
	return boundVolumes(in, findings)
}

// allowsPath says whether the baseline allows a path, and whether only read-only: one entry that fits is enough.
func allowsPath(in *engine.Input, path string) (allowed, readOnly bool) {
	for _, entry := range in.Declared.Workloads.Volumes.AllowedHostPaths {
		if !within(entry.PathPrefix, path) {
			continue
		}
		if !entry.ReadOnly {
			return true, false
		}
		allowed, readOnly = true, true
	}
	return allowed, readOnly
}

func pathNotAllowed(in *engine.Input, volume *corev1.Volume) engine.Finding {
	path := nodePath(volume.HostPath.Path)
	actual, does := volume.HostPath.Path, " mounts "+path+" of the node"
	if actual == "" {
		actual, does = path, " mounts a path of the node without a name"
	}
	return engine.Finding{
		Path:     volumePath(in, volume.Name, ".hostPath.path"),
		Value:    path,
		Expected: expectedPaths(in),
		Actual:   actual,
		Message:  "Volume " + volume.Name + does + ", which baseline " + in.Baseline + " does not allow.",
	}
}

// writableMounts adds a finding for each mount of a volume that is not read-only, as long as there is room.
func writableMounts(in *engine.Input, volume *corev1.Volume, findings []engine.Finding) []engine.Finding {
	for container := range in.Workload.Containers() {
		for i := range container.VolumeMounts {
			mount := &container.VolumeMounts[i]
			if mount.Name != volume.Name || mount.ReadOnly {
				continue
			}
			findings = append(findings, mountWritable(in, volume, container, mount.MountPath))
			if len(findings) > maxFound {
				return findings
			}
		}
	}
	return findings
}

// mountWritable has the path of the node for its value: an exception for one path is none for another.
func mountWritable(in *engine.Input, volume *corev1.Volume, container workload.Container, mountPath string) engine.Finding {
	path := nodePath(volume.HostPath.Path)
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path("volumeMounts[" + mountPath + "].readOnly"),
		Value:     path,
		Expected:  "true",
		Actual:    "false",
		Message: "Container " + container.Name + " can write to " + path + " of the node, which baseline " + in.Baseline +
			" allows read-only.",
		Remediation: "Set readOnly to true in the mount of volume " + volume.Name + " at " + mountPath + ".",
	}
}

func tooManyPaths(in *engine.Input) engine.Finding {
	return engine.Finding{
		Path:     in.Workload.Path("volumes"),
		Value:    furtherOnes,
		Expected: expectedPaths(in),
		Actual:   "more than " + strconv.Itoa(maxHostPaths),
		Message:  "The pod mounts more paths of its node than can be judged, which baseline " + in.Baseline + " does not allow.",
	}
}

func expectedPaths(in *engine.Input) string {
	entries := in.Declared.Workloads.Volumes.AllowedHostPaths
	paths := make([]string, 0, len(entries))
	for _, entry := range entries {
		path := entry.PathPrefix
		if entry.ReadOnly {
			path += " (read-only)"
		}
		paths = append(paths, path)
	}
	return oneOf(paths)
}
