package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
)

// There is no object that the report could go with, and the one that comes back is another: it could go at any time, and take
// along what is known of the one that was missing.
func TestTheReportOfAMissingObjectBelongsToNone(t *testing.T) {
	gone, back := target, target
	gone.UID = ""
	covering := []*baseline.Baseline{{Name: "production"}}
	missing := judgement.Verdict{Covering: covering, Result: engine.Result{Findings: []engine.Finding{high("missing")}}}
	last := report.Build(report.Input{Target: gone, Verdict: missing, Now: start}).Report
	for _, now := range []v1alpha1.TargetReference{gone, back} {
		last = report.Build(report.Input{Target: now, Last: last, Verdict: missing, Now: start}).Report
		if len(last.OwnerReferences) > 0 || last.Spec.Target != gone {
			t.Errorf("owned by %v, of %v", last.OwnerReferences, last.Spec.Target)
		}
	}
}

func TestTheReportOfWhatNotEvenHasANamespaceIsWithTheOperator(t *testing.T) {
	verdict := judgement.Verdict{Result: engine.Result{Findings: []engine.Finding{high("missing")}}}
	places := map[bool]string{}
	for _, homeless := range []bool{false, true} {
		r := report.Build(report.Input{Target: target, Operator: "plumbline-system", Homeless: homeless, Verdict: verdict, Now: start}).Report
		places[homeless] = r.Namespace
	}
	if diff := cmp.Diff(map[bool]string{false: "shop", true: "plumbline-system"}, places); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
