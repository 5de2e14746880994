package judgement_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

// nodeName is a made-up check that finds the name of the node a pod asks for; it needs a fact.
const need engine.Need = "its ServiceAccount"

func madeUp() []engine.Check {
	return []engine.Check{{
		ID: "node-name", Severity: v1alpha1.SeverityHigh, Needs: []engine.Need{need},
		Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(in *engine.Input) []engine.Finding {
			if in.Workload.Pod.NodeName == "" {
				return nil
			}
			return []engine.Finding{{Path: in.Workload.Path("nodeName"), Value: in.Workload.Pod.NodeName}}
		},
	}}
}

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func replicaSet(name, node string) workload.Workload {
	w, _ := workload.Of(&appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       appsv1.ReplicaSetSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{NodeName: node}}},
	})
	return w
}

func set(change ...func(*v1alpha1.SecurityBaseline)) *baseline.Set {
	return setOf(madeUp(), change...)
}

func setOf(checks []engine.Check, change ...func(*v1alpha1.SecurityBaseline)) *baseline.Set {
	var list []v1alpha1.SecurityBaseline
	for _, c := range change {
		sb := v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "production"}}
		c(&sb)
		list = append(list, sb)
	}
	var none *baseline.Set
	return none.Update(list, checks)
}

func asIs(*v1alpha1.SecurityBaseline)       {}
func staging(sb *v1alpha1.SecurityBaseline) { sb.Name = "staging" }
func suspend(sb *v1alpha1.SecurityBaseline) { sb.Spec.Suspend = true }
func elsewhere(sb *v1alpha1.SecurityBaseline) {
	sb.Spec.Scope.Namespaces.Include = []v1alpha1.NameGlob{"elsewhere"}
}
func byLabel(sb *v1alpha1.SecurityBaseline) {
	sb.Spec.Scope.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
}

func lastReport(baselineName, value string) *v1alpha1.DriftReport {
	return &v1alpha1.DriftReport{Status: v1alpha1.DriftReportStatus{
		Baselines: []string{baselineName},
		Findings:  []engine.Finding{{Check: "node-name", Baseline: baselineName, Value: value}},
	}}
}

// blind makes facts that could not be read around workloads.
func blind(unreadable map[engine.Need]string, workloads ...workload.Workload) map[workload.Ref]judgement.Facts {
	facts := map[workload.Ref]judgement.Facts{}
	for _, w := range workloads {
		facts[w.Ref] = judgement.Facts{Unreadable: unreadable}
	}
	return facts
}

func TestJudge(t *testing.T) {
	drifted, clean := replicaSet("one", "n1"), replicaSet("one", "")
	for name, test := range map[string]struct {
		set          *baseline.Set
		workloads    []workload.Workload
		unreadable   map[engine.Need]string
		last         *v1alpha1.DriftReport
		values       []string
		covering     []string
		partial      string
		notEvaluated int
	}{
		"a drifted workload has findings":   {set: set(asIs), workloads: []workload.Workload{drifted}, values: []string{"production n1"}, covering: []string{"production"}},
		"a clean one has none":              {set: set(asIs), workloads: []workload.Workload{clean}, covering: []string{"production"}},
		"each baseline judges on its own":   {set: set(staging, asIs), workloads: []workload.Workload{drifted}, values: []string{"production n1", "staging n1"}, covering: []string{"production", "staging"}},
		"outside the scope nothing is said": {set: set(elsewhere), workloads: []workload.Workload{drifted}},
		"revisions that say the same make one finding": {set: set(asIs),
			workloads: []workload.Workload{drifted, replicaSet("two", "n1")}, values: []string{"production n1"}, covering: []string{"production"}},
		"revisions that differ make several": {set: set(asIs),
			workloads: []workload.Workload{drifted, replicaSet("two", "n2")}, values: []string{"production n1", "production n2"}, covering: []string{"production"}},
		"a suspended baseline keeps what it found": {set: set(suspend), workloads: []workload.Workload{clean},
			last: lastReport("production", "old"), values: []string{"production old"}, covering: []string{"production"}},
		"a suspended baseline finds nothing new":      {set: set(suspend), workloads: []workload.Workload{drifted}},
		"a deleted baseline's findings go":            {set: set(), workloads: []workload.Workload{drifted}, last: lastReport("production", "old")},
		"a check that cannot see keeps what it found": {set: set(asIs), workloads: []workload.Workload{clean}, unreadable: map[engine.Need]string{need: "forbidden"}, last: lastReport("production", "old"), values: []string{"production old"}, covering: []string{"production"}, notEvaluated: 1},
		"a check that cannot see does not pass":       {set: set(asIs), workloads: []workload.Workload{drifted}, unreadable: map[engine.Need]string{need: "forbidden"}, covering: []string{"production"}, notEvaluated: 1},
		"an undecided scope keeps what was found":     {set: set(byLabel), workloads: []workload.Workload{clean}, last: lastReport("production", "old"), values: []string{"production old"}, covering: []string{"production"}, notEvaluated: 1},
		"what may have more to it keeps what was found": {set: set(asIs), workloads: []workload.Workload{drifted}, partial: "cannot read jobs",
			last: lastReport("production", "old"), values: []string{"production n1", "production old"}, covering: []string{"production"}, notEvaluated: 1},
		"two revisions that cannot be judged count one": {set: set(byLabel), workloads: []workload.Workload{clean, drifted}, covering: []string{"production"}, notEvaluated: 1},
	} {
		t.Run(name, func(t *testing.T) {
			object := &judgement.Object{Workloads: test.workloads, Facts: blind(test.unreadable, test.workloads...), Partial: test.partial}
			verdict := judgement.Judge(test.set, object, test.last, now)
			var values, covering []string
			for _, f := range verdict.Findings {
				values = append(values, f.Baseline+" "+f.Value)
			}
			for _, b := range verdict.Covering {
				covering = append(covering, b.Name)
			}
			if diff := cmp.Diff(test.values, values); diff != "" {
				t.Errorf("findings: %s", diff)
			}
			if diff := cmp.Diff(test.covering, covering); diff != "" {
				t.Errorf("covering: %s", diff)
			}
			if len(verdict.NotEvaluated) != test.notEvaluated {
				t.Errorf("not evaluated = %v, want %d", verdict.NotEvaluated, test.notEvaluated)
			}
		})
	}
}

// An object may hold tens of thousands of containers, of which every check could make findings.
func TestOfVeryManyContainersTheFirstAreJudgedAndTheRestIsNamed(t *testing.T) {
	each := engine.Check{
		ID: "each", Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			for c := range in.Workload.Containers() {
				findings = append(findings, engine.Finding{Container: c.Name, Value: c.Name})
			}
			return findings
		},
	}
	for name, test := range map[string]struct{ containers, findings, notEvaluated int }{
		"as many as are judged": {workload.MaxContainers, workload.MaxContainers, 0},
		"one more":              {workload.MaxContainers + 1, workload.MaxContainers, 1},
		"very many":             {20_000, workload.MaxContainers, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := replicaSet("many", "")
			for i := range test.containers {
				w.Pod.Containers = append(w.Pod.Containers, corev1.Container{Name: "c" + strconv.Itoa(i)})
			}
			verdict := judgement.Judge(setOf([]engine.Check{each}, asIs), &judgement.Object{Workloads: []workload.Workload{w}}, nil, now)
			if len(verdict.Findings) != test.findings || len(verdict.NotEvaluated) != test.notEvaluated {
				t.Errorf("%d findings, not evaluated %v", len(verdict.Findings), verdict.NotEvaluated)
			}
		})
	}
}

func TestWhatMayBeGoneInAMomentLeavesWhatWasFound(t *testing.T) {
	policy := engine.Other{Policy: &engine.Policy{Policy: &network.Policy{Ref: workload.Ref{Group: "networking.k8s.io", Kind: "NetworkPolicy", Namespace: "shop", Name: "api"}}}}
	finds := func(id string, needs ...engine.Need) engine.Check {
		return engine.Check{
			ID: id, Judges: workload.Policies, Needs: needs, Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
			Run: func(*engine.Input) []engine.Finding { return []engine.Finding{{Value: "new"}} },
		}
	}
	checks := []engine.Check{finds("dangling", engine.NeedWorkloads), finds("wide", engine.NeedNetwork)}
	known := &v1alpha1.DriftReport{Status: v1alpha1.DriftReportStatus{
		Findings: []engine.Finding{{Check: "dangling", Baseline: "production", Value: "old"}},
	}}
	for name, test := range map[string]struct {
		settling bool
		last     *v1alpha1.DriftReport
		want     []string
	}{
		"what has lasted is found":             {false, nil, []string{"dangling new", "wide new"}},
		"nothing new is found of what has not": {true, nil, []string{"wide new"}},
		"and nothing that is known is solved":  {true, known, []string{"dangling old", "wide new"}},
	} {
		t.Run(name, func(t *testing.T) {
			object := &judgement.Object{Target: policy.Policy.Ref, Other: policy, Passing: engine.NeedWorkloads, Settling: test.settling}
			verdict := judgement.Judge(setOf(checks, asIs), object, test.last, now)
			var got []string
			for _, f := range verdict.Findings {
				got = append(got, f.Check+" "+f.Value)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if len(verdict.NotEvaluated) > 0 {
				t.Errorf("not evaluated: %v", verdict.NotEvaluated)
			}
		})
	}
}
