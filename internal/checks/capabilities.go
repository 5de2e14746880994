package checks

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/workload"
)

const allCapabilities = "ALL"

func capabilitiesOf(container workload.Container) corev1.Capabilities {
	if capabilities := container.Security().Capabilities; capabilities != nil {
		return *capabilities
	}
	return corev1.Capabilities{}
}

// readsAs says whether a container runtime may take a spelling for the capability: runtimes, unlike Pod Security
// admission, are lenient about case and the CAP_ prefix.
func readsAs(spelling corev1.Capability, capability string) bool {
	const prefix = "CAP_"
	s := string(spelling)
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		s = s[len(prefix):]
	}
	return strings.EqualFold(s, capability)
}
