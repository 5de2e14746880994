package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "rbac-authenticated",
	Title: "Permissions for everybody",
	Description: "Every user and every pod with a token is a member of the group system:authenticated, and every pod with a token one of " +
		"system:serviceaccounts. What a binding grants to them, whoever takes over any container has. With some providers everybody who " +
		"has an account there is in system:authenticated, also strangers. What Kubernetes itself grants to them is not found, " +
		"nor is a group of the ServiceAccounts of one namespace.",
	Remediation: "Take the group out of the binding, and grant the role to the users, groups and ServiceAccounts that need it.",
	Severity:    v1alpha1.SeverityHigh,
	Controls:    []engine.Control{nsa("Role-based access control")},
	Judges:      workload.Bindings,
	Needs:       []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.AllAuthenticated == v1alpha1.RuleForbidden
	},
	Run: runRBACAuthenticated,
})

func runRBACAuthenticated(in *engine.Input) []engine.Finding {
	return judgeSubjects(in, v1alpha1.SeverityHigh, "of which every pod with a token is a member", isEverybody)
}

// isEverybody leaves out the ServiceAccounts of one namespace: the baseline asks for those of all.
func isEverybody(s rbac.Subject) bool {
	return s.Kind == rbacv1.GroupKind && (s.Name == rbac.Authenticated || s.Name == rbac.AllServiceAccounts)
}
