package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-token-request",
	Title: "Tokens of ServiceAccounts",
	Description: "Who may create serviceaccounts/token gets a token of any ServiceAccount that it is granted for, valid for as long as the API " +
		"server lets it, and does elsewhere whatever that one may do.",
	Remediation: "Take serviceaccounts/token out of the role, or name the ServiceAccounts whose tokens are needed in resourceNames; pods are given " +
		"tokens by the kubelet and need no such permission.",
	Severity: v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.13 Minimize access to the service account token creation"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.TokenRequests == v1alpha1.RuleForbidden
	},
	Run: runRBACTokenRequest,
})

var requestOfTokens = capable(rbac.Capability{Verbs: []string{"create"}, Resources: []string{"serviceaccounts/token"}})

func runRBACTokenRequest(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, requestOfTokens)
}
