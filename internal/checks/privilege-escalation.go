package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "privilege-escalation",
	Title: "Privilege escalation allowed",
	Description: "A process in the container may gain more privileges than the one that started it, through a setuid program " +
		"or file capabilities. An attacker who runs code as an ordinary user can use such a program to become root in the container. " +
		windowsExempt,
	Remediation: "Set securityContext.allowPrivilegeEscalation to false in the container; " +
		"there is no such field for the whole pod.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Restricted: Privilege Escalation (v1.8+)"),
		cis("5.2.6 Minimize the admission of containers with allowPrivilegeEscalation"),
		nsa("Pod security enforcement"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.AllowPrivilegeEscalation == v1alpha1.RuleForbidden
	},
	Run: runPrivilegeEscalation,
})

func runPrivilegeEscalation(in *engine.Input) []engine.Finding {
	if in.Workload.Windows() && !in.Reading.WindowsJudged {
		return nil
	}
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		allowed := container.Security().AllowPrivilegeEscalation
		if allowed != nil && !*allowed {
			continue
		}
		findings = append(findings, engine.Finding{
			Container: container.Name,
			Path:      container.Path("securityContext.allowPrivilegeEscalation"),
			Value:     "true",
			Expected:  "false",
			Actual:    stated(allowed, "true"),
			Message:   "Container " + container.Name + " allows privilege escalation, which baseline " + in.Baseline + " forbids.",
		})
	}
	return findings
}
