package controllers

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
)

func TestAnEventSaysWhatHasDriftedAndWhyOrByWhom(t *testing.T) {
	exec := engine.Finding{
		Check: "rbac-pod-exec", Baseline: "production", Origin: v1alpha1.OriginPermissions, Value: "create pods/exec",
		Message: "ServiceAccount shop/api may create pods/exec, through RoleBinding debug and Role debug.",
	}
	ceiling, old := exec, exec
	ceiling.Check = "permission-ceiling"
	old.Baseline = "tightened"
	deny := engine.Finding{Check: "default-deny-ingress", Message: "Namespace shop has no default deny for ingress."}
	label := engine.Finding{Check: "pod-security-label", Message: "Namespace shop has no label."}
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
		"of a permission that was held before, no more than that": {
			opened: []engine.Finding{old}, by: change, want: "ServiceAccount shop/api may create pods/exec, through RoleBinding debug and Role debug.",
		},
		"of a permission that two checks find, once": {
			opened: []engine.Finding{ceiling, exec},
			want:   "GAINED: ServiceAccount shop/api may create pods/exec, through RoleBinding debug and Role debug.",
		},
		"of what is missing, what was deleted": {
			opened: []engine.Finding{deny, label}, why: "Namespace shop lost default deny for ingress: NetworkPolicy default-deny was deleted",
			want: "Namespace shop lost default deny for ingress: NetworkPolicy default-deny was deleted. " +
				"Namespace shop has no default deny for ingress. Namespace shop has no label.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			next := &v1alpha1.DriftReport{}
			for _, f := range test.opened {
				f.LastChange = test.by
				next.Status.Findings = append(next.Status.Findings, f)
			}
			outcome := report.Outcome{
				Report: next, Granted: []string{"production"}, Why: map[engine.Identity]string{engine.IdentityOf(&deny): test.why},
			}
			if got := tell(outcome, engine.Changes{Opened: test.opened}); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAnEventSaysOfWhatChangedAndWasLost(t *testing.T) {
	held := func(value, actual string, severity v1alpha1.Severity) v1alpha1.Finding {
		return v1alpha1.Finding{
			Check: "rbac-secrets", Baseline: "production", Origin: v1alpha1.OriginPermissions, Severity: severity,
			Path: "rolebindings[debug]", Value: value, Actual: actual, Message: "ServiceAccount shop/api may " + actual + ".",
		}
	}
	reportOf := func(findings ...v1alpha1.Finding) *v1alpha1.DriftReport {
		r := &v1alpha1.DriftReport{}
		r.Status.State, r.Status.Findings = v1alpha1.StateDrifted, findings
		return r
	}
	both := held("get,list secrets", "get,list secrets in namespace shop, through RoleBinding debug and Role debug", v1alpha1.SeverityHigh)
	one := held("get secrets", "get secrets in namespace shop, through RoleBinding debug and Role debug", v1alpha1.SeverityHigh)
	worse := one
	worse.Severity = v1alpha1.SeverityCritical
	watched := []string{"production"}
	for name, test := range map[string]struct {
		granted       []string
		before, after v1alpha1.Finding
		want          string
	}{
		"a role that was narrowed":            {watched, both, one, "LOST list secrets in namespace shop, through RoleBinding debug and Role debug."},
		"a role that was widened":             {watched, one, both, "GAINED: ServiceAccount shop/api may list secrets in namespace shop, through RoleBinding debug and Role debug."},
		"a finding that is worse than before": {nil, one, worse, "changed rbac-secrets get secrets (now Critical)."},
		"a ceiling that was raised":           {nil, both, one, "resolved rbac-secrets list secrets in namespace shop, through RoleBinding debug and Role debug."},
		"a ceiling that was lowered":          {nil, one, both, "ServiceAccount shop/api may list secrets in namespace shop, through RoleBinding debug and Role debug."},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAnnouncer(nil, nil)
			before := reportOf(test.before)
			outcome := report.Build(report.Input{
				Last: before, Granted: test.granted, Verdict: judgement.Verdict{
					Result: engine.Result{Findings: []engine.Finding{test.after}}, Covering: []*baseline.Baseline{{Name: "production"}},
				},
			})
			a.drift(before, outcome, nil)
			select {
			case e := <-a.waiting:
				if e.kind != corev1.EventTypeWarning || e.reason != v1alpha1.EventDriftChanged || e.note != test.want {
					t.Errorf("got %s %s: %s", e.kind, e.reason, e.note)
				}
			default:
				t.Error("there is no Event")
			}
		})
	}
}
