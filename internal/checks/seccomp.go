package checks

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// seccomp is a profile that a pod or a container sets, in the words of the field, wherever it sets it.
type seccomp struct {
	set  bool
	kind corev1.SeccompProfileType
	file string
}

// seccompOfPod returns the profile that a pod sets for its containers.
func seccompOfPod(in *engine.Input) seccomp {
	if in.Reading.SeccompAnnotations {
		value, set := in.Workload.PodMeta.Annotations[workload.SeccompPodAnnotation]
		return annotatedSeccomp(value, set)
	}
	return seccompOfField(in.Workload.Security().SeccompProfile)
}

// seccompOfContainer returns the profile that a container sets for itself.
func seccompOfContainer(in *engine.Input, container workload.Container) seccomp {
	if in.Reading.SeccompAnnotations {
		return annotatedSeccomp(annotationFor(&in.Workload, workload.SeccompContainerAnnotation, container.Name))
	}
	return seccompOfField(container.Security().SeccompProfile)
}

func seccompOfField(field *corev1.SeccompProfile) seccomp {
	if field == nil {
		return seccomp{}
	}
	s := seccomp{set: true, kind: field.Type}
	if field.Type == corev1.SeccompProfileTypeLocalhost && field.LocalhostProfile != nil {
		s.file = *field.LocalhostProfile
	}
	return s
}

func annotatedSeccomp(value string, set bool) seccomp {
	s := seccomp{set: set}
	file, local := strings.CutPrefix(value, corev1.SeccompLocalhostProfileNamePrefix)
	switch {
	case local:
		s.kind, s.file = corev1.SeccompProfileTypeLocalhost, file
	case value == corev1.SeccompProfileRuntimeDefault, value == corev1.DeprecatedSeccompProfileDockerDefault:
		s.kind = corev1.SeccompProfileTypeRuntimeDefault
	case value == corev1.SeccompProfileNameUnconfined:
		s.kind = corev1.SeccompProfileTypeUnconfined
	case set: // what no runtime knows must not read like a type that the field has
		s.kind = corev1.SeccompProfileType("annotated as " + strconv.Quote(value))
	}
	return s
}

func (s seccomp) String() string {
	switch s.kind {
	case corev1.SeccompProfileTypeLocalhost:
		return "Localhost/" + s.file
	case "": // refused by the API server, but found in files
		return "without a type"
	}
	return string(s.kind)
}
