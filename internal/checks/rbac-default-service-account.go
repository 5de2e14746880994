package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "rbac-default-service-account",
	Title: "Permissions for a default ServiceAccount",
	Description: "Every pod that names no ServiceAccount runs as the one called default of its namespace. What a binding grants to that, pods " +
		"have that never asked for it, and whoever takes over one of them.",
	Remediation: "Make a ServiceAccount for the workload that needs the permissions, name it in serviceAccountName and in the binding.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.1.5 Ensure that default service accounts are not actively used"),
		nsa("Protecting Pod service account tokens"),
	},
	Judges: workload.Bindings,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.DefaultServiceAccounts == v1alpha1.RuleForbidden
	},
	Run: runRBACDefaultServiceAccount,
})

func runRBACDefaultServiceAccount(in *engine.Input) []engine.Finding {
	return judgeSubjects(in, v1alpha1.SeverityHigh, "as which every pod of its namespace runs that names no other", isDefaultServiceAccount)
}

func isDefaultServiceAccount(s rbac.Subject) bool {
	return s.Kind == rbacv1.ServiceAccountKind && s.Name == workload.DefaultServiceAccount
}
