package controllers

import (
	"testing"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

func TestAnEventSaysWhatHasDriftedAndWhyOrByWhom(t *testing.T) {
	exec := engine.Finding{
		Check: "rbac-pod-exec", Origin: v1alpha1.OriginPermissions, Value: "create pods/exec",
		Message: "ServiceAccount shop/api may create pods/exec, through RoleBinding debug and Role debug.",
	}
	ceiling := exec
	ceiling.Check = "permission-ceiling"
	deny := engine.Finding{Check: "default-deny-ingress", Message: "Namespace shop has no default deny for ingress."}
	change := &v1alpha1.Change{Manager: "kubectl-create"}
	for name, test := range map[string]struct {
		opened []engine.Finding
		by     *v1alpha1.Change
		why    string
		want   string
	}{
		"of a permission, that it was gained, and by whom": {
			opened: []engine.Finding{exec}, by: change,
			want: "GAINED: ServiceAccount shop/api may create pods/exec, through RoleBinding debug and Role debug. Changed by kubectl-create.",
		},
		"of a permission that two checks find, once": {
			opened: []engine.Finding{ceiling, exec},
			want:   "GAINED: ServiceAccount shop/api may create pods/exec, through RoleBinding debug and Role debug.",
		},
		"of what is missing, what was deleted": {
			opened: []engine.Finding{deny}, why: "NetworkPolicy default-deny was deleted",
			want: "Namespace shop has no default deny for ingress. NetworkPolicy default-deny was deleted.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			next := &v1alpha1.DriftReport{}
			for _, f := range test.opened {
				f.LastChange = test.by
				next.Status.Findings = append(next.Status.Findings, f)
			}
			if got := tell(report.Outcome{Report: next, Why: test.why}, engine.Changes{Opened: test.opened}); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
