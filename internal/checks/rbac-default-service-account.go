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
		"have that never asked for it, and whoever takes over one of them. What it grants to a group of all ServiceAccounts, of one " +
		"namespace or of every one, it grants to that as well. Where a baseline declares rbac.allAuthenticated too, the groups of every " +
		"namespace are left to rbac-authenticated.",
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
	findings := judgeSubjects(in, v1alpha1.SeverityHigh, "as which every pod of its namespace runs that names no other", isDefaultServiceAccount)
	hold := holdsDefaultServiceAccount
	if in.Declared.RBAC.AllAuthenticated == v1alpha1.RuleForbidden {
		hold = holdsThatOfOneNamespace
	}
	return append(findings, judgeSubjects(in, v1alpha1.SeverityHigh, "of which the ServiceAccount default of a namespace is a member", hold)...)
}

// holdsDefaultServiceAccount says whether a subject is a group in which a ServiceAccount default is by itself.
func holdsDefaultServiceAccount(s rbac.Subject) bool {
	_, is := rbac.AccountsIn(s)
	return is
}

func holdsThatOfOneNamespace(s rbac.Subject) bool {
	namespace, is := rbac.AccountsIn(s)
	return is && namespace != ""
}

func isDefaultServiceAccount(s rbac.Subject) bool {
	return s.Kind == rbacv1.ServiceAccountKind && s.Name == workload.DefaultServiceAccount
}
