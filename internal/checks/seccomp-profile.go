package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/workload"
)

const seccompField = "securityContext.seccompProfile"

// unconfined is what a container runs under when neither it nor its pod sets a profile.
var unconfined = corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}

var _ = register(engine.Check{
	ID:    "seccomp-profile",
	Title: "Seccomp profile not allowed",
	Description: "A seccomp profile keeps a container from system calls that its program has no use for. Without one, or with one " +
		"that permits too much, an attacker in the container can reach all of the node's kernel, and every flaw in it. " +
		windowsExempt,
	Remediation: "Set securityContext.seccompProfile, in the pod or in each container, to a profile that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: Seccomp"),
		podSecurity("Restricted: Seccomp (v1.19+)"),
		cis("5.6.2 Ensure that the seccomp profile is set to docker/default in your Pod definitions"),
		nsa("Sets the seccomp profile used to sandbox containers"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.SeccompProfile.Allowed) > 0
	},
	Run: runSeccompProfile,
})

func runSeccompProfile(in engine.Input) []engine.Finding {
	if in.Workload.Windows() {
		return nil
	}
	var findings []engine.Finding
	pod := in.Workload.Security().SeccompProfile
	if pod != nil && !allowsSeccomp(in, pod) {
		findings = append(findings, seccompPod(in, pod))
	}
	for container := range in.Workload.Containers() {
		own := container.Security().SeccompProfile
		switch {
		case own == nil && pod != nil: // what the pod says has been judged, once
		case own == nil && !allowsSeccomp(in, &unconfined), own != nil && !allowsSeccomp(in, own):
			findings = append(findings, seccompContainer(in, container))
		}
	}
	return findings
}

// allowsSeccomp compares paths too, which both sides have with Localhost, and neither without.
func allowsSeccomp(in engine.Input, profile *corev1.SeccompProfile) bool {
	for _, allowed := range in.Declared.Workloads.SeccompProfile.Allowed {
		if string(allowed.Type) == string(profile.Type) && glob.Match(allowed.LocalhostProfile, localhostProfile(profile)) {
			return true
		}
	}
	return false
}

func localhostProfile(profile *corev1.SeccompProfile) string {
	if profile.LocalhostProfile == nil {
		return ""
	}
	return *profile.LocalhostProfile
}

// seccompPod is a finding even if every container sets its own, as in the Pod Security Standards: the next container
// that somebody adds, also while the pod runs, would inherit it.
func seccompPod(in engine.Input, profile *corev1.SeccompProfile) engine.Finding {
	name := seccompName(profile)
	return engine.Finding{
		Path:     in.Workload.Path(seccompField),
		Value:    name,
		Expected: expectedSeccomp(in),
		Actual:   name,
		Message: "The pod sets seccomp profile " + name + ", which baseline " + in.Baseline +
			" does not allow even if every container sets its own.",
		Remediation: "Set securityContext.seccompProfile of the pod to a profile that the baseline allows.",
	}
}

func seccompContainer(in engine.Input, container workload.Container) engine.Finding {
	name, actual := "Unconfined", unset("Unconfined")
	does, remediation := " runs Unconfined, as neither it nor its pod sets a seccomp profile", "" // that of the check
	if own := container.Security().SeccompProfile; own != nil {
		name = seccompName(own)
		actual, does = name, " sets seccomp profile "+name
		remediation = "Set securityContext.seccompProfile of the container to a profile that the baseline allows."
	}
	return engine.Finding{
		Container:   container.Name,
		Path:        container.Path(seccompField),
		Value:       name,
		Expected:    expectedSeccomp(in),
		Actual:      actual,
		Message:     "Container " + container.Name + does + ", which baseline " + in.Baseline + " does not allow.",
		Remediation: remediation,
	}
}

func seccompName(profile *corev1.SeccompProfile) string {
	switch profile.Type {
	case corev1.SeccompProfileTypeLocalhost:
		return "Localhost/" + localhostProfile(profile)
	case "": // refused by the API server, but found in files
		return "without a type"
	}
	return string(profile.Type)
}

func expectedSeccomp(in engine.Input) string {
	profiles := in.Declared.Workloads.SeccompProfile.Allowed
	names := make([]string, 0, len(profiles))
	for _, allowed := range profiles {
		name := string(allowed.Type)
		if allowed.Type == v1alpha1.SeccompLocalhost {
			name += "/" + allowed.LocalhostProfile
		}
		names = append(names, name)
	}
	return oneOf(names)
}
