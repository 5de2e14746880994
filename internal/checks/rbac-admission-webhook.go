package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-admission-webhook",
	Title: "Change of admission webhooks",
	Description: "Who may change webhook configurations is sent a copy of every object that is written, Secrets included, may change it on its way " +
		"with a mutating webhook, and can switch off the webhooks that guard the cluster. " +
		"Admission policies (ValidatingAdmissionPolicy, MutatingAdmissionPolicy and their bindings) are no webhooks: they send nothing " +
		"to anybody, and are not found.",
	Remediation: "Take the verbs that write validatingwebhookconfigurations and mutatingwebhookconfigurations out of the role; what must keep its " +
		"own configuration up to date needs update or patch of that one, named in resourceNames.",
	Severity: v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.12 Minimize access to webhook configuration objects"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.AdmissionWebhooks == v1alpha1.RuleForbidden
	},
	Run: runRBACAdmissionWebhook,
})

var changeOfWebhooks = capable(rbac.Capability{
	Verbs:     []string{"create", "update", "patch", "delete", "deletecollection"},
	Group:     "admissionregistration.k8s.io",
	Resources: []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations"},
})

func runRBACAdmissionWebhook(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, changeOfWebhooks)
}
