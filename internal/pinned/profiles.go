package pinned

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// The types of profiles, which seccomp and AppArmor call alike.
const (
	runtimeDefault = "RuntimeDefault"
	localhost      = "Localhost"
	unconfined     = "Unconfined"
)

// profileFact is a profile of seccomp or AppArmor; kind is empty where none is set. What a profile of the node allows
// nobody can tell.
func profileFact(path, kind string, file *string) fact {
	f := fact{key: key{path: path}, value: kind, own: kind != "", rule: confines}
	switch kind {
	case "":
		f.value, f.rank = unset, 1
	case localhost:
		f.rank = 1
		if file != nil {
			f.value += "/" + *file
		}
	case unconfined:
		f.rank = 2
	}
	return f
}

func confines(declared, live *fact) bool {
	return declared == nil || strings.HasPrefix(declared.value, localhost) || weaker(declared, live)
}

func seccompFact(path string, profile *corev1.SeccompProfile) fact {
	if profile == nil {
		return profileFact(path, "", nil)
	}
	return profileFact(path, string(profile.Type), profile.LocalhostProfile)
}

func appArmorFact(path string, profile *corev1.AppArmorProfile) fact {
	if profile == nil {
		return profileFact(path, "", nil)
	}
	return profileFact(path, string(profile.Type), profile.LocalhostProfile)
}

// appArmorOf returns the profile that is set for a container by itself. Of an annotation the API server makes the field of
// a pod's container where it has none, and the kubelet goes by it before the pod's field.
func (p *pod) appArmorOf(c *workload.Container) *corev1.AppArmorProfile {
	if field := c.Security().AppArmorProfile; field != nil {
		return field
	}
	value := p.PodMeta.Annotations[workload.AppArmorAnnotation+c.Name]
	file, isLocal := strings.CutPrefix(value, corev1.DeprecatedAppArmorBetaProfileNamePrefix)
	switch {
	case isLocal && file != "":
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &file}
	case value == corev1.DeprecatedAppArmorBetaProfileRuntimeDefault:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
	case value == corev1.DeprecatedAppArmorBetaProfileNameUnconfined:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
	}
	return nil
}

// seLinux reads the parts of an SELinux label. c is the container that sets it; nil for the pod.
func (p *pod) seLinux(path string, options *corev1.SELinuxOptions, c *workload.Container) {
	own := options != nil
	if !own {
		options = &corev1.SELinuxOptions{}
		if c != nil && p.Security().SELinuxOptions != nil {
			options = p.Security().SELinuxOptions
		}
	}
	for _, part := range [...]struct{ field, value string }{
		{"type", options.Type}, {"user", options.User}, {"role", options.Role}, {"level", options.Level},
	} {
		p.addOf(c, text(path+"."+part.field, part.value, own), own)
	}
}

// windows reads what only pods on Windows have. c is the container that sets it; nil for the pod. A container has from
// its pod each field that it does not set.
func (p *pod) windows(path string, options *corev1.WindowsSecurityContextOptions, c *workload.Container) {
	pods := p.Security().WindowsOptions
	if pods == nil || c == nil {
		pods = &corev1.WindowsSecurityContextOptions{}
	}
	if options == nil {
		options = &corev1.WindowsSecurityContextOptions{}
	}
	host := optionalFlag(path+".hostProcess", or(options.HostProcess, pods.HostProcess), false, true)
	host.own = options.HostProcess != nil
	p.addOf(c, host, host.own)
	for _, each := range [...]struct {
		field     string
		own, pods *string
	}{
		{"runAsUserName", options.RunAsUserName, pods.RunAsUserName},
		{"gmsaCredentialSpecName", options.GMSACredentialSpecName, pods.GMSACredentialSpecName},
		{"gmsaCredentialSpec", options.GMSACredentialSpec, pods.GMSACredentialSpec},
	} {
		value := ""
		if effective := or(each.own, each.pods); effective != nil {
			value = *effective
		}
		p.addOf(c, text(path+"."+each.field, value, each.own != nil), each.own != nil)
	}
}

// or returns the first of two optional values that is set.
func or[T any](own, inherited *T) *T {
	if own != nil {
		return own
	}
	return inherited
}

// text is a field that holds a name, of which nobody can tell which is weaker.
func text(path, value string, own bool) fact {
	f := fact{key: key{path: path}, value: value, own: own && value != "", rule: always}
	switch value {
	case "":
		f.value = unset
	case unset:
		f.value = strconv.Quote(value)
	}
	return f
}

// addOf adds a fact of a container, which has it from its pod where it does not set it itself; of the pod where c is nil.
func (p *pod) addOf(c *workload.Container, f fact, set bool) {
	if c != nil {
		f.container, f.inherits, f.under = c.Name, !set, p.part
	}
	p.add(f)
}
