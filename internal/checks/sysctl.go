package checks

import (
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
)

const (
	sysctlsField = "securityContext.sysctls"

	// maxSysctl is how long the API server lets the name of a sysctl be.
	maxSysctl = 253
)

var _ = register(engine.Check{
	ID:    "sysctl",
	Title: "Sysctl not allowed",
	Description: "Sysctls are parameters of the kernel. Some switch protections of the network or of memory off, and some reach " +
		"beyond the pod that sets them: whoever may set any can weaken its own pod, starve others on the node, or bring the node down.",
	Remediation: "Remove from securityContext.sysctls of the pod what the baseline does not allow.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: Sysctls"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Sysctls.Allowed != nil // an empty list allows none
	},
	Run: runSysctl,
})

func runSysctl(in *engine.Input) []engine.Finding {
	var forbidden []string
	for _, sysctl := range in.Workload.Security().Sysctls {
		if !maySetSysctl(in, sysctl.Name) {
			forbidden = append(forbidden, sysctlName(in, sysctl.Name))
		}
	}
	if len(forbidden) == 0 {
		return nil
	}
	found := engine.Finding{
		Path:     in.Workload.Path(sysctlsField),
		Expected: oneOf(in.Declared.Workloads.Sysctls.Allowed),
		Actual:   list(sysctlsOf(in)),
	}
	forbidden, more := bounded(forbidden)
	findings := make([]engine.Finding, 0, len(forbidden)+1)
	for _, name := range forbidden {
		found.Value = name
		found.Message = "The pod sets sysctl " + name + ", which baseline " + in.Baseline + " does not allow."
		found.Remediation = "Remove " + name + " from securityContext.sysctls of the pod."
		findings = append(findings, found)
	}
	if more {
		found.Value, found.Remediation = furtherOnes, ""
		found.Message = "The pod sets more sysctls than are listed here, which baseline " + in.Baseline + " does not allow."
		findings = append(findings, found)
	}
	return findings
}

func sysctlsOf(in *engine.Input) []string {
	var names []string
	for _, sysctl := range in.Workload.Security().Sysctls {
		names = append(names, orEmpty(sysctl.Name))
	}
	return names
}

func maySetSysctl(in *engine.Input, name string) bool {
	for _, pattern := range in.Declared.Workloads.Sysctls.Allowed {
		if matchSysctl(in, pattern, name) {
			return true
		}
	}
	return false
}

// matchSysctl turns the name into the spelling of the pattern, in a space that costs no allocation.
func matchSysctl(in *engine.Input, pattern, name string) bool {
	if in.Reading.ExactSysctls || slashed(pattern) == slashed(name) {
		return glob.Match(pattern, name)
	}
	var space [maxSysctl]byte
	return glob.Match(pattern, respell(append(space[:0], name...)))
}

// sysctlName returns the spelling with dots, in which the kubelet compares sysctls, so that one sysctl is one finding
// however it is spelled.
func sysctlName(in *engine.Input, name string) string {
	if !in.Reading.ExactSysctls && slashed(name) {
		name = string(respell([]byte(name)))
	}
	return orEmpty(name)
}

// slashed says whether the parts of a sysctl are separated by slashes, which its first separator tells: in
// net/ipv4/conf/eth0.100/rp_filter the dot belongs to the name of an interface. See sysctl.d(5).
func slashed(name string) bool {
	first := strings.IndexAny(name, "./")
	return first >= 0 && name[first] == '/'
}

// respell turns one spelling into the other, in place.
func respell(name []byte) []byte {
	for i, c := range name {
		switch c {
		case '.':
			name[i] = '/'
		case '/':
			name[i] = '.'
		}
	}
	return name
}
