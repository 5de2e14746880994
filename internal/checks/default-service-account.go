package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "default-service-account",
	Title: "Default ServiceAccount",
	Description: "All pods of a namespace that name no ServiceAccount run as the same one, default. What one of them is granted all others " +
		"can do as well, and whoever takes over the least of them. Static pods run as none.",
	Remediation: "Create a ServiceAccount for the workload, grant it only what it needs, and name it in serviceAccountName of the pod spec.",
	Severity:    v1alpha1.SeverityLow,
	Controls: []engine.Control{
		cis("5.1.5 Ensure that default service accounts are not actively used"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.DefaultServiceAccount == v1alpha1.RuleForbidden
	},
	Run: runDefaultServiceAccount,
})

func runDefaultServiceAccount(in *engine.Input) []engine.Finding {
	if in.Workload.ServiceAccount() != workload.DefaultServiceAccount {
		return nil
	}
	does, actual := "The pod runs as ServiceAccount default", workload.DefaultServiceAccount
	if in.Workload.Pod.ServiceAccountName == "" && in.Workload.Pod.DeprecatedServiceAccount == "" {
		does, actual = does+", as it names none", unset(workload.DefaultServiceAccount)
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("serviceAccountName"),
		Value:    workload.DefaultServiceAccount,
		Expected: "another ServiceAccount than default",
		Actual:   actual,
		Message:  does + ", which baseline " + in.Baseline + " forbids.",
	}}
}
