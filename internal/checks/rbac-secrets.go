package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-secrets",
	Title: "Access to Secrets",
	Description: "Who may read Secrets has every password, key and token in them, and with the tokens of ServiceAccounts whatever these may do. " +
		"Who may write them can put his own certificates and credentials in their place. A list or a watch shows the whole content, " +
		"as a get does.",
	Remediation: "Take secrets out of the role, or name the few that are needed in resourceNames; mount Secrets into pods instead of reading them " +
		"from the API server.",
	Severity: v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.2 Minimize access to secrets"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.Secrets == v1alpha1.RuleForbidden
	},
	Run: runRBACSecrets,
})

var accessToSecrets = capable(rbac.Capability{
	Verbs:     []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"},
	Resources: []string{"secrets"},
})

func runRBACSecrets(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, accessToSecrets)
}
