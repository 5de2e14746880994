package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "host-pid",
	Title: "Shared host process IDs",
	Description: "The containers of the pod see every process of the node. An attacker in one of them can read how those were " +
		"started, kill those of the same user, and, as root, read the environment and the memory of others, with the secrets in them.",
	Remediation: "Remove hostPID from the pod spec or set it to false.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Baseline: Host Namespaces"),
		cis("5.2.3 Minimize the admission of containers wishing to share the host process ID namespace"),
		nsa("Pod security enforcement"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostPID == v1alpha1.RuleForbidden
	},
	Run: runHostPID,
})

func runHostPID(in *engine.Input) []engine.Finding {
	if !in.Workload.Pod.HostPID {
		return nil
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("hostPID"),
		Value:    "true",
		Expected: "false",
		Actual:   "true",
		Message:  "The pod shares the host's process IDs, which baseline " + in.Baseline + " forbids.",
	}}
}
