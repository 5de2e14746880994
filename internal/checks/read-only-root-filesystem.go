package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "read-only-root-filesystem",
	Title: "Writable root filesystem",
	Description: "An attacker who runs code in the container can write to its root filesystem: change the program and its " +
		"configuration, bring in tools, and stay for as long as the container lives. " + windowsExempt,
	Remediation: "Set securityContext.readOnlyRootFilesystem to true in the container, " +
		"and mount an emptyDir where its program has to write.",
	Severity: v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		nsa("Immutable container file systems"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.ReadOnlyRootFilesystem == v1alpha1.RuleRequired
	},
	Run: runReadOnlyRootFilesystem,
})

func runReadOnlyRootFilesystem(in *engine.Input) []engine.Finding {
	if in.Workload.Windows() {
		return nil
	}
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		readOnly := container.Security().ReadOnlyRootFilesystem
		if readOnly != nil && *readOnly {
			continue
		}
		findings = append(findings, engine.Finding{
			Container: container.Name,
			Path:      container.Path("securityContext.readOnlyRootFilesystem"),
			Value:     "false",
			Expected:  "true",
			Actual:    stated(readOnly, "false"),
			Message: "Container " + container.Name + " can write to its root filesystem, which baseline " + in.Baseline +
				" requires to be read-only.",
		})
	}
	return findings
}
