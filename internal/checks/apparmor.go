package checks

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/workload"
)

// appArmor is a profile in the words of the field, wherever it is set.
type appArmor struct {
	kind  corev1.AppArmorProfileType
	local string // the name of a profile of the node
}

// setBy says what sets the profile of a container; empty when nothing does but its pod.
type setBy string

const (
	byField      setBy = "field"
	byAnnotation setBy = "annotation"
)

// appArmorFor returns the profile that is set for a container by itself. Of an annotation the API server makes the
// container's field, where it has none, and the kubelet goes by it before the pod's field. Where every annotation is judged,
// it is not judged here.
func appArmorFor(in *engine.Input, container workload.Container) (appArmor, setBy) {
	if field := container.Security().AppArmorProfile; field != nil {
		return fieldAppArmor(field), byField
	}
	if value, set := annotationFor(&in.Workload, workload.AppArmorAnnotation, container.Name); set && !in.Reading.EveryAppArmorAnnotation {
		if profile, known := annotatedAppArmor(value); known {
			return profile, byAnnotation
		}
	}
	return appArmor{}, ""
}

// fieldAppArmor leaves out the name of a profile beside another type: the API server refuses it, but files hold it, and
// Pod Security admission does not look at it.
func fieldAppArmor(field *corev1.AppArmorProfile) appArmor {
	profile := appArmor{kind: field.Type}
	if field.Type == corev1.AppArmorProfileTypeLocalhost && field.LocalhostProfile != nil {
		profile.local = *field.LocalhostProfile
	}
	return profile
}

// annotatedAppArmor reads an annotation as the kubelet does, and says whether the kubelet knows the value: where it does
// not, it goes by the pod's field, as if there were no annotation.
func annotatedAppArmor(value string) (appArmor, bool) {
	local, isLocal := strings.CutPrefix(value, corev1.DeprecatedAppArmorBetaProfileNamePrefix)
	switch {
	case isLocal:
		return appArmor{corev1.AppArmorProfileTypeLocalhost, local}, true
	case value == corev1.DeprecatedAppArmorBetaProfileRuntimeDefault:
		return appArmor{kind: corev1.AppArmorProfileTypeRuntimeDefault}, true
	case value == corev1.DeprecatedAppArmorBetaProfileNameUnconfined:
		return appArmor{kind: corev1.AppArmorProfileTypeUnconfined}, true
	}
	return appArmor{}, false
}

// allowsAppArmor compares names too, which both sides have with Localhost, and neither without.
func allowsAppArmor(in *engine.Input, profile appArmor) bool {
	for _, allowed := range in.Declared.Workloads.AppArmorProfile.Allowed {
		if string(allowed.Type) == string(profile.kind) && glob.Match(allowed.LocalhostProfile, profile.local) {
			return true
		}
	}
	return false
}

// everyAppArmorAnnotation judges, where that is the reading, as Pod Security admission does: each annotation, also beside
// a field, also of a container that is not there.
func everyAppArmorAnnotation(in *engine.Input) []engine.Finding {
	if !in.Reading.EveryAppArmorAnnotation {
		return nil
	}
	var forbidden []string
	for key, value := range in.Workload.PodMeta.Annotations {
		container, isAppArmor := strings.CutPrefix(key, workload.AppArmorAnnotation)
		profile, known := annotatedAppArmor(value)
		if isAppArmor && value != "" && (!known || !allowsAppArmor(in, profile)) {
			forbidden = append(forbidden, container)
		}
	}
	if len(forbidden) == 0 {
		return nil
	}
	containers, more := bounded(forbidden)
	findings := make([]engine.Finding, 0, len(containers)+1)
	for _, container := range containers {
		value := in.Workload.PodMeta.Annotations[workload.AppArmorAnnotation+container]
		name := "annotated as " + value // what no kubelet knows must not read like a type that the field has
		if profile, known := annotatedAppArmor(value); known {
			name = profile.String()
		}
		findings = append(findings, appArmorOfAnnotation(in, container, name))
	}
	if more {
		rest := appArmorOfAnnotation(in, "", furtherOnes)
		rest.Message = "More annotations than are listed here give containers AppArmor profiles that baseline " + in.Baseline + " does not allow."
		findings = append(findings, rest)
	}
	return findings
}

func (p appArmor) String() string {
	switch p.kind {
	case corev1.AppArmorProfileTypeLocalhost:
		return "Localhost/" + p.local
	case "": // refused by the API server, but found in files
		return "without a type"
	}
	return string(p.kind)
}

func oneOfAppArmor(in *engine.Input) string {
	profiles := in.Declared.Workloads.AppArmorProfile.Allowed
	names := make([]string, 0, len(profiles))
	for _, allowed := range profiles {
		name := string(allowed.Type)
		if allowed.Type == v1alpha1.AppArmorLocalhost {
			name += "/" + allowed.LocalhostProfile
		}
		names = append(names, name)
	}
	return oneOf(names)
}
