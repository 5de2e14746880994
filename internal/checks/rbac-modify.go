package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-modify",
	Title: "Change of roles and bindings",
	Description: "Who may change roles and bindings hands on to anybody what he holds himself, keeps a way back in after he has lost it, and " +
		"takes permissions away from others, such as the controllers of the cluster.",
	Remediation: "Take the verbs that write roles and bindings out of the role; let a pipeline apply them from reviewed files, with a " +
		"ServiceAccount of its own.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.ModifyRBAC == v1alpha1.RuleForbidden
	},
	Run: runRBACModify,
})

var changeOfRBAC = capable(rbac.Capability{
	Verbs:     []string{"create", "update", "patch", "delete", "deletecollection"},
	Group:     rbacv1.GroupName,
	Resources: []string{"roles", "clusterroles", "rolebindings", "clusterrolebindings"},
})

func runRBACModify(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityHigh, changeOfRBAC)
}
