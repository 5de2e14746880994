package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-escalate",
	Title: "Roles beyond one's own permissions",
	Description: "Kubernetes lets nobody write into a role what he does not hold himself, except for who has the verb escalate: he adds whatever " +
		"he likes to a role that he is bound to.",
	Remediation: "Take the verb escalate out of the role, also where it is in *; bind whoever maintains roles to what he hands on instead.",
	Severity:    v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.8 Limit use of the Bind, Impersonate and Escalate permissions in the Kubernetes cluster"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.Escalate == v1alpha1.RuleForbidden
	},
	Run: runRBACEscalate,
})

var escalation = capable(rbac.Capability{
	Verbs: []string{"escalate"}, Group: rbacv1.GroupName, Resources: []string{"roles", "clusterroles"},
})

func runRBACEscalate(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, escalation)
}
