package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

const appArmorField = "securityContext.appArmorProfile"

var _ = register(engine.Check{
	ID:    "apparmor-profile",
	Title: "AppArmor profile not allowed",
	Description: "On nodes with AppArmor, a profile keeps a container from files, mounts and operations of the kernel that its " +
		"program has no use for. Under none, or under one that permits too much, a flaw in the program or in the runtime takes an " +
		"attacker further towards the node. " + whatIsSet + "Windows pods that set none are exempt, because they cannot.",
	Remediation: "Set securityContext.appArmorProfile, in the pod or in each container, to a profile that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: AppArmor"),
		nsa("Hardening container environments"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.AppArmorProfile.Allowed) > 0
	},
	Run: runAppArmorProfile,
})

func runAppArmorProfile(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	pod := in.Workload.Security().AppArmorProfile
	if pod != nil && !allowsAppArmor(in, fieldAppArmor(pod)) {
		findings = append(findings, appArmorOfPod(in, fieldAppArmor(pod)))
	}
	unsetAllowed := pod != nil || appArmorOptional(in)
	for container := range in.Workload.Containers() {
		profile, set := appArmorFor(in, container)
		switch {
		case set == "" && !unsetAllowed:
			findings = append(findings, noAppArmor(in, container))
		case set == "" || allowsAppArmor(in, profile): // what the pod says has been judged, once
		case set == byAnnotation:
			findings = append(findings, appArmorOfAnnotation(in, container.Name, profile.String()))
		default:
			findings = append(findings, appArmorOfContainer(in, container, profile))
		}
	}
	return append(findings, everyAppArmorAnnotation(in)...)
}

func appArmorOptional(in *engine.Input) bool {
	return !in.Declared.Workloads.AppArmorProfile.Required || in.Workload.Windows() && !in.Reading.WindowsJudged
}

// appArmorOfPod is a finding even if every container sets its own, as in the Pod Security Standards: the next container
// that somebody adds, also while the pod runs, would inherit it.
func appArmorOfPod(in *engine.Input, profile appArmor) engine.Finding {
	name := profile.String()
	return engine.Finding{
		Path:     in.Workload.Path(appArmorField),
		Value:    name,
		Expected: oneOfAppArmor(in),
		Actual:   name,
		Message: "The pod sets AppArmor profile " + name + ", which baseline " + in.Baseline +
			" does not allow even if every container sets its own.",
		Remediation: "Set securityContext.appArmorProfile of the pod to a profile that the baseline allows.",
	}
}

func appArmorOfContainer(in *engine.Input, container workload.Container, profile appArmor) engine.Finding {
	name := profile.String()
	return engine.Finding{
		Container:   container.Name,
		Path:        container.Path(appArmorField),
		Value:       name,
		Expected:    oneOfAppArmor(in),
		Actual:      name,
		Message:     "Container " + container.Name + " sets AppArmor profile " + name + ", which baseline " + in.Baseline + " does not allow.",
		Remediation: "Set securityContext.appArmorProfile of the container to a profile that the baseline allows.",
	}
}

func appArmorOfAnnotation(in *engine.Input, container, profile string) engine.Finding {
	return engine.Finding{
		Container: container,
		Path:      in.Workload.AnnotationPath(workload.AppArmorAnnotation + container),
		Value:     profile,
		Expected:  oneOfAppArmor(in),
		Actual:    profile,
		Message: "An annotation gives container " + orEmpty(container) + " AppArmor profile " + profile + ", which baseline " + in.Baseline +
			" does not allow.",
		Remediation: "Remove the annotation, and set securityContext.appArmorProfile of the container to a profile that the baseline allows.",
	}
}

func noAppArmor(in *engine.Input, container workload.Container) engine.Finding {
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path(appArmorField),
		Value:     "unset",
		Expected:  oneOfAppArmor(in),
		Actual:    unset("the profile of the runtime on nodes with AppArmor, and none on others"),
		Message:   "Container " + container.Name + " has no AppArmor profile, as neither it nor its pod sets one, which baseline " + in.Baseline + " requires.",
	}
}
