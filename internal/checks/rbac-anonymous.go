package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "rbac-anonymous",
	Title: "Permissions for nobody in particular",
	Description: "Whoever reaches the API server without any credentials is the user system:anonymous, in the group system:unauthenticated. " +
		"What a binding grants to one of them it grants to everybody on the network. Kubernetes itself shows them the version and the " +
		"health of the API server, which is not found.",
	Remediation: "Take the subject out of the binding, and grant the role to those who need it.",
	Severity:    v1alpha1.SeverityCritical,
	Controls:    []engine.Control{nsa("Authentication and authorization")},
	Judges:      workload.Bindings,
	Needs:       []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.Anonymous == v1alpha1.RuleForbidden
	},
	Run: runRBACAnonymous,
})

func runRBACAnonymous(in *engine.Input) []engine.Finding {
	return judgeSubjects(in, v1alpha1.SeverityCritical, "which is whoever shows no credentials", isAnonymous)
}

func isAnonymous(s rbac.Subject) bool {
	return s.Kind == rbacv1.UserKind && s.Name == rbac.Anonymous || s.Kind == rbacv1.GroupKind && s.Name == rbac.Unauthenticated
}
