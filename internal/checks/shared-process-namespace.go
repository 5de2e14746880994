package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "shared-process-namespace",
	Title: "Shared process namespace",
	Description: "The containers of the pod see each other's processes. An attacker in one of them can read how the others were " +
		"started, signal processes of the same user and, as that user or as root, reach the files, the environment and the memory " +
		"of the others, with the secrets in them.",
	Remediation: "Remove shareProcessNamespace from the pod spec or set it to false.",
	Severity:    v1alpha1.SeverityMedium,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.ShareProcessNamespace == v1alpha1.RuleForbidden
	},
	Run: runSharedProcessNamespace,
})

func runSharedProcessNamespace(in *engine.Input) []engine.Finding {
	if shared := in.Workload.Pod.ShareProcessNamespace; shared == nil || !*shared {
		return nil
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("shareProcessNamespace"),
		Value:    "true",
		Expected: "false",
		Actual:   "true",
		Message:  "The containers of the pod see each other's processes, which baseline " + in.Baseline + " forbids.",
	}}
}
