package judgement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

func TestABaselineOfUsersSaysOfWhomABindingNamesWhoIsNotJudged(t *testing.T) {
	const why = "the first 64 are judged, and 6 are not"
	judging := func(classes workload.Class) []engine.Check {
		return []engine.Check{{
			ID: "crowd", Judges: classes, Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
			Run: func(*engine.Input) []engine.Finding { return nil },
		}}
	}
	ref := workload.Ref{Group: rbacv1.GroupName, Kind: "RoleBinding", Namespace: "shop", Name: "all"}
	for name, test := range map[string]struct {
		classes  workload.Class
		change   func(*v1alpha1.SecurityBaseline)
		unlisted string
		want     []engine.NotEvaluated
	}{
		"it judges bindings and subjects": {workload.Bindings | workload.Subjects, asIs, why, []engine.NotEvaluated{{Baseline: "production", Reason: why}}},
		"it judges subjects only":         {workload.Subjects, asIs, why, []engine.NotEvaluated{{Baseline: "production", Reason: why}}},
		"it judges other namespaces":      {workload.Subjects, elsewhere, why, []engine.NotEvaluated{{Baseline: "production", Reason: why}}},
		"it judges no subjects":           {workload.Bindings, asIs, why, nil},
		"it is suspended":                 {workload.Subjects, suspend, why, nil},
		"it judges groups alone": {workload.Subjects, func(sb *v1alpha1.SecurityBaseline) {
			sb.Spec.Scope.Kinds = []v1alpha1.JudgedKind{"Group"}
		}, why, []engine.NotEvaluated{{Baseline: "production", Reason: why}}},
		"it judges ServiceAccounts alone": {workload.Subjects, func(sb *v1alpha1.SecurityBaseline) {
			sb.Spec.Scope.Kinds = []v1alpha1.JudgedKind{"ServiceAccount"}
		}, why, nil},
		"it judges nothing that is in no namespace": {workload.Subjects, func(sb *v1alpha1.SecurityBaseline) {
			no := false
			sb.Spec.Scope.ClusterScoped = &no
		}, why, nil},
		"all are judged": {workload.Bindings | workload.Subjects, asIs, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			old := engine.Finding{Check: "crowd", Baseline: "production", Value: "resolved since"}
			last := &v1alpha1.DriftReport{Status: v1alpha1.DriftReportStatus{Findings: []engine.Finding{old}, Baselines: []string{"production"}}}
			verdict := judgement.Judge(setOf(judging(test.classes), test.change), &judgement.Object{
				Target: ref, Unlisted: test.unlisted, Other: engine.Other{Binding: &engine.Binding{Binding: &rbac.Binding{Ref: ref}}},
			}, last, now)
			if diff := cmp.Diff(test.want, verdict.NotEvaluated); diff != "" {
				t.Error(diff)
			}
			if kept := len(verdict.Findings) > 0; kept != (name == "it is suspended") {
				t.Errorf("what was found on the binding is kept: %v", verdict.Findings)
			}
		})
	}
}
