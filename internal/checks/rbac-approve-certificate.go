package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-approve-certificate",
	Title: "Approval of certificate signing requests",
	Description: "Who may approve certificate signing requests has client certificates made for any user name: whoever presents one is that user, " +
		"and nobody can take it back before it expires. It takes both certificatesigningrequests/approval and the verb approve " +
		"on the signer, and each is found.",
	Remediation: "Take certificatesigningrequests/approval and the verb approve on signers out of the role, or name in resourceNames the one " +
		"signer that is needed.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.1.11 Minimize access to the approval sub-resource of certificatesigningrequests objects"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.ApproveCertificates == v1alpha1.RuleForbidden
	},
	Run: runRBACApproveCertificate,
})

// Both halves, because permissions add up: for who holds the one, the other is the drift. Left out is the verb sign, with
// certificatesigningrequests/status: who signs needs the key of the authority, which no role gives.
//
// Source: plugin/pkg/admission/certificates/approval of Kubernetes.
var approvalOfCertificates = capable(
	rbac.Capability{Verbs: []string{"update", "patch"}, Group: certificates, Resources: []string{"certificatesigningrequests/approval"}},
	rbac.Capability{Verbs: []string{"approve"}, Group: certificates, Resources: []string{"signers"}},
)

const certificates = "certificates.k8s.io"

func runRBACApproveCertificate(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityHigh, approvalOfCertificates)
}
