// Package podsecurity says what a level of the Pod Security Standards asks for in a version, in the words of a
// SecurityBaseline: the checks that judge what a baseline declares judge the standards too.
//
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and, where that page is silent, the
// versioned checks of Pod Security admission.
package podsecurity

// Reading is how rules are to be read. The zero value is how those are that a baseline declares itself: strictly, and
// as Kubernetes is today. The standards read some otherwise, and not all versions read alike.
type Reading struct {
	// UnsetUserAllowed: a container whose user only its image knows passes.
	UnsetUserAllowed bool
	// UnsetSeccompAllowed: a container without a seccomp profile passes.
	UnsetSeccompAllowed bool
	// SeccompAnnotations: of seccomp, the annotations are judged that stood for the field before Kubernetes 1.19, and not
	// the field.
	SeccompAnnotations bool
	// EveryAppArmorAnnotation: each is judged, also beside a field and of a container that is not there.
	EveryAppArmorAnnotation bool
	// ExactSysctls: the slashed spelling of a sysctl is another one.
	ExactSysctls bool
	// PortsAsWritten: a container's port on the network of its node is one of the node only where it says so.
	PortsAsWritten bool
	// OneVolumeTypeSuffices: a volume of several types, which the API server refuses, passes for one that is allowed.
	OneVolumeTypeSuffices bool
	// UserNamespacesMayBeRoot: a pod with a user namespace of its own may run as root.
	UserNamespacesMayBeRoot bool
	// UserNamespacesMayUnmask: a pod with a user namespace of its own may see all of /proc.
	UserNamespacesMayUnmask bool
	// WindowsJudged: what Windows pods cannot set is asked of them all the same.
	WindowsJudged bool
}
