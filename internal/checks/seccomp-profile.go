package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/workload"
)

const (
	seccompField = "securityContext.seccompProfile"

	// annotateSeccomp is the remediation where annotations are judged, which is before Kubernetes 1.19.
	annotateSeccomp = "Remove the annotation, or set it to runtime/default."
)

// unconfined is what a container runs under when neither it nor its pod sets a profile.
var unconfined = seccomp{kind: corev1.SeccompProfileTypeUnconfined}

var _ = register(engine.Check{
	ID:    "seccomp-profile",
	Title: "Seccomp profile not allowed",
	Description: "A seccomp profile keeps a container from system calls that its program has no use for. Without one, or with one " +
		"that permits too much, an attacker in the container can reach all of the node's kernel, and every flaw in it. " +
		whatIsSet + windowsExempt,
	Remediation: "Set securityContext.seccompProfile, in the pod or in each container, to a profile that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: Seccomp"),
		podSecurity("Restricted: Seccomp (v1.19+)"),
		cis("5.6.2 Ensure that the seccomp profile is set to docker/default in your Pod definitions"),
		nsa("Hardening container environments"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.SeccompProfile.Allowed) > 0
	},
	Run: runSeccompProfile,
})

func runSeccompProfile(in *engine.Input) []engine.Finding {
	if in.Workload.Windows() && !in.Reading.WindowsJudged {
		return nil
	}
	var findings []engine.Finding
	pod := seccompOfPod(in)
	if pod.set && !allowsSeccomp(in, pod) {
		findings = append(findings, seccompPod(in, pod))
	}
	unsetPasses := pod.set || in.Reading.UnsetSeccompAllowed // what the pod says has been judged, once
	for container := range in.Workload.Containers() {
		if unsetPasses && setsNoSeccomp(in, container) {
			continue
		}
		if own := seccompOfContainer(in, container); !seccompPasses(in, own, unsetPasses) {
			findings = append(findings, seccompContainer(in, container, own))
		}
	}
	return findings
}

// seccompPasses says whether what a container sets for itself, or that it sets nothing, will do.
func seccompPasses(in *engine.Input, own seccomp, unsetPasses bool) bool {
	if own.set {
		return allowsSeccomp(in, own)
	}
	return unsetPasses || allowsSeccomp(in, unconfined)
}

// setsNoSeccomp is a quick look for what nearly all containers are like.
func setsNoSeccomp(in *engine.Input, container workload.Container) bool {
	return !in.Reading.SeccompAnnotations && container.Security().SeccompProfile == nil
}

// allowsSeccomp compares paths too, which both sides have with Localhost, and neither without.
func allowsSeccomp(in *engine.Input, profile seccomp) bool {
	for _, allowed := range in.Declared.Workloads.SeccompProfile.Allowed {
		if string(allowed.Type) == string(profile.kind) && glob.Match(allowed.LocalhostProfile, profile.file) {
			return true
		}
	}
	return false
}

// seccompPod is a finding even if every container sets its own, as in the Pod Security Standards: the next container
// that somebody adds, also while the pod runs, would inherit it.
func seccompPod(in *engine.Input, profile seccomp) engine.Finding {
	name := profile.String()
	path, remediation := in.Workload.Path(seccompField), "Set securityContext.seccompProfile of the pod to a profile that the baseline allows."
	if in.Reading.SeccompAnnotations {
		path, remediation = in.Workload.AnnotationPath(workload.SeccompPodAnnotation), annotateSeccomp
	}
	return engine.Finding{
		Path:     path,
		Value:    name,
		Expected: expectedSeccomp(in),
		Actual:   name,
		Message: "The pod sets seccomp profile " + name + ", which baseline " + in.Baseline +
			" does not allow even if every container sets its own.",
		Remediation: remediation,
	}
}

func seccompContainer(in *engine.Input, container workload.Container, own seccomp) engine.Finding {
	path := container.Path(seccompField)
	name, actual := "Unconfined", unset("Unconfined")
	does, remediation := " runs Unconfined, as neither it nor its pod sets a seccomp profile", "" // that of the check
	if own.set {
		name = own.String()
		actual, does = name, " sets seccomp profile "+name
		remediation = "Set securityContext.seccompProfile of the container to a profile that the baseline allows."
	}
	if in.Reading.SeccompAnnotations {
		path, remediation = in.Workload.AnnotationPath(workload.SeccompContainerAnnotation+container.Name), annotateSeccomp
	}
	return engine.Finding{
		Container:   container.Name,
		Path:        path,
		Value:       name,
		Expected:    expectedSeccomp(in),
		Actual:      actual,
		Message:     "Container " + container.Name + does + ", which baseline " + in.Baseline + " does not allow.",
		Remediation: remediation,
	}
}

func expectedSeccomp(in *engine.Input) string {
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
