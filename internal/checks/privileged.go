package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "privileged",
	Title: "Privileged container",
	Description: "A privileged container holds every capability, sees every device of the node, and runs without seccomp, " +
		"AppArmor and SELinux confinement. Who takes over the container takes over the node, and with it every other pod on it.",
	Remediation: "Remove securityContext.privileged or set it to false; " +
		"if the container needs a single capability, add that instead.",
	Severity: v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		podSecurity("Baseline: Privileged Containers"),
		cis("5.2.2 Minimize the admission of privileged containers"),
		nsa("Pod security enforcement"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Privileged == v1alpha1.RuleForbidden
	},
	Run: runPrivileged,
})

func runPrivileged(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		if privileged := container.Security().Privileged; privileged == nil || !*privileged {
			continue
		}
		findings = append(findings, engine.Finding{
			Container: container.Name,
			Path:      container.Path("securityContext.privileged"),
			Value:     "true",
			Expected:  "false",
			Actual:    "true",
			Message:   "Container " + container.Name + " runs privileged, which baseline " + in.Baseline + " forbids.",
		})
	}
	return findings
}
