package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-bind",
	Title: "Bindings of roles beyond one's own permissions",
	Description: "Kubernetes lets nobody bind a role that allows more than he holds himself, except for who has the verb bind on it: he binds himself, " +
		"to cluster-admin unless resourceNames says to which roles only.",
	Remediation: "Take the verb bind out of the role, also where it is in *, or name in resourceNames the few roles that may be handed out.",
	Severity:    v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.8 Limit use of the Bind, Impersonate and Escalate permissions in the Kubernetes cluster"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.Bind == v1alpha1.RuleForbidden
	},
	Run: runRBACBind,
})

// The verb is asked for on the role, never on the binding.
var bindingOfRoles = capable(rbac.Capability{
	Verbs: []string{bindVerb}, Group: rbacv1.GroupName, Resources: []string{"roles", "clusterroles"},
})

func runRBACBind(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, bindingOfRoles)
}
