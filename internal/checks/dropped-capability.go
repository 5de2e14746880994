package checks

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "dropped-capability",
	Title: "Capability not dropped",
	Description: "Container runtimes grant a dozen capabilities that most programs have no use for, such as DAC_OVERRIDE, SETUID " +
		"and, in many of them, NET_RAW. What a container does not drop, an attacker who is root in it holds: to read any file " +
		"there, to become any user, to forge packets. What is judged is what is set: a privileged container holds all of them all the " +
		"same, which is what the check privileged finds. " + windowsExempt,
	Remediation: "Set securityContext.capabilities.drop to [ALL] in the container, and add only what its program needs.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Restricted: Capabilities (v1.22+)"),
		cis("5.2.8 Minimize the admission of containers with the NET_RAW capability"),
		cis("5.2.9 Minimize the admission of containers with capabilities assigned"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.Capabilities.RequiredDrop) > 0
	},
	Run: runDroppedCapability,
})

func runDroppedCapability(in *engine.Input) []engine.Finding {
	if in.Workload.Windows() && !in.Reading.WindowsJudged {
		return nil
	}
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		capabilities := capabilitiesOf(container)
		shown := "" // the same in each finding, and made for the first
		for _, required := range in.Declared.Workloads.Capabilities.RequiredDrop {
			if drops(capabilities, string(required)) {
				continue
			}
			if shown == "" {
				shown = list(capabilities.Drop)
			}
			findings = append(findings, notDropped(in, container, string(required), shown))
		}
	}
	return findings
}

// drops compares what is dropped exactly, as Pod Security admission does, but what is added back as a runtime might.
func drops(capabilities corev1.Capabilities, required string) bool {
	if slices.Contains(capabilities.Drop, corev1.Capability(required)) {
		return true
	}
	return slices.Contains(capabilities.Drop, allCapabilities) && addedBack(capabilities, required) == ""
}

// addedBack returns what gives a container that drops ALL the capability after all, as the container spells it.
func addedBack(capabilities corev1.Capabilities, required string) string {
	for _, added := range capabilities.Add {
		if readsAs(added, required) || readsAs(added, allCapabilities) {
			return string(added)
		}
	}
	return ""
}

func notDropped(in *engine.Input, container workload.Container, required, actual string) engine.Finding {
	because, remediation := whyNotDropped(capabilitiesOf(container), required)
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path("securityContext.capabilities.drop"),
		Value:     required,
		Expected:  "at least: " + list(in.Declared.Workloads.Capabilities.RequiredDrop),
		Actual:    actual,
		Message: "Container " + container.Name + " does not drop capability " + required + ", which baseline " + in.Baseline +
			" requires" + because + ".",
		Remediation: remediation,
	}
}

// whyNotDropped explains the two cases that look as if the capability were dropped.
func whyNotDropped(capabilities corev1.Capabilities, required string) (because, remediation string) {
	if slices.Contains(capabilities.Drop, allCapabilities) {
		added := addedBack(capabilities, required)
		return ": it drops ALL, but adds " + added + " back",
			"Remove " + added + " from securityContext.capabilities.add, or add " + required + " to securityContext.capabilities.drop."
	}
	for _, dropped := range capabilities.Drop {
		for _, meant := range []string{required, allCapabilities} {
			if readsAs(dropped, meant) {
				return ": it drops " + string(dropped) + ", but names are compared exactly, and " + meant + " is the spelling",
					"Write " + meant + " for " + string(dropped) + " in securityContext.capabilities.drop."
			}
		}
	}
	return "", "Add " + required + " to securityContext.capabilities.drop."
}
