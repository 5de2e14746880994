package judgement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

func TestEachWorkloadIsJudgedByWhatIsKnownAroundIt(t *testing.T) {
	yes := true
	automounts := []engine.Check{{
		ID: "automounts", Needs: []engine.Need{engine.NeedServiceAccount},
		Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(in *engine.Input) []engine.Finding {
			if in.ServiceAccount.Automount == nil {
				return nil
			}
			return []engine.Finding{{Value: in.Workload.Name}}
		},
	}}
	mounts, says, cannot := replicaSet("mounts", ""), replicaSet("says-nothing", ""), replicaSet("cannot-be-read", "")
	some := replicaSet("read-in-part", "")
	verdict := judgement.Judge(setOf(automounts, asIs), &judgement.Object{
		Workloads: []workload.Workload{mounts, says, cannot, some},
		Facts: map[workload.Ref]judgement.Facts{
			mounts.Ref: {ServiceAccount: engine.ServiceAccount{Automount: &yes}},
			cannot.Ref: {Unreadable: map[engine.Need]string{engine.NeedServiceAccount: "forbidden"}},
			some.Ref: {
				ServiceAccount: engine.ServiceAccount{Automount: &yes}, Partial: map[engine.Need]string{engine.NeedServiceAccount: "not given"},
			},
		},
	}, nil, now)
	var values []string
	for _, f := range verdict.Findings {
		values = append(values, f.Value)
	}
	if diff := cmp.Diff([]string{"mounts", "read-in-part"}, values); diff != "" {
		t.Error(diff)
	}
	want := []engine.NotEvaluated{
		{Check: "automounts", Baseline: "production", Reason: "cannot read ServiceAccount: forbidden"},
		{Check: "automounts", Baseline: "production", Reason: "cannot read all of ServiceAccount: not given"},
	}
	if diff := cmp.Diff(want, verdict.NotEvaluated); diff != "" {
		t.Error(diff)
	}
}
