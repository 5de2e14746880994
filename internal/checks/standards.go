package checks

import "plumbline.dev/plumbline/internal/engine"

// The standards that checks answer to, by name and version. A rule of a standard is cited as that version words it.

// podSecurity cites a control by its level and its name: https://kubernetes.io/docs/concepts/security/pod-security-standards/
func podSecurity(levelAndControl string) engine.Control {
	return engine.Control{Standard: "Pod Security Standards", Rule: levelAndControl}
}

// cis cites a recommendation by its number and its title.
func cis(rule string) engine.Control {
	return engine.Control{Standard: "CIS Kubernetes Benchmark v1.12", Rule: rule}
}

// nsa cites a section by its heading: the guide numbers none.
func nsa(rule string) engine.Control {
	return engine.Control{Standard: "NSA/CISA Kubernetes Hardening Guide v1.2", Rule: rule}
}
