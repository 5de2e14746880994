package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-impersonate",
	Title: "Acting as somebody else",
	Description: "Who may impersonate others does what these may do, in their name: as a user or a group that administers the cluster, everything. " +
		"It is found also where constrained impersonation bounds what is done as the other (impersonate:user-info and its like, " +
		"on by default since Kubernetes v1.36), whoever holds the impersonate-on verbs for it.",
	Remediation: "Take the impersonate verbs out of the role, also where they are in *, or name the few that may be impersonated in resourceNames.",
	Severity:    v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.8 Limit use of the Bind, Impersonate and Escalate permissions in the Kubernetes cluster"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.Impersonate == v1alpha1.RuleForbidden
	},
	Run: runRBACImpersonate,
})

// The verbs of rbac.ImpersonateOn are not looked for. Alone they give nothing, and a role with * on pods has them too. Nor are
// they asked for beside the others: they may come from a group that nobody but the authenticator knows the members of.
//
// Source: apiserver/pkg/endpoints/filters/impersonation.
var impersonation = capable(
	rbac.Capability{Verbs: []string{"impersonate"}, Resources: []string{"users", "groups", "serviceaccounts"}},
	rbac.Capability{Verbs: []string{"impersonate"}, Group: authentication, Resources: []string{"uids", "userextras/*"}},
	rbac.Capability{
		Verbs: []string{rbac.ImpersonateAs}, Group: authentication,
		Resources: []string{"users", "groups", "serviceaccounts", "nodes", "uids", "userextras/*"},
	},
)

const authentication = "authentication.k8s.io"

func runRBACImpersonate(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, impersonation)
}
