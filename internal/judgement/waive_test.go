package judgement_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// except adds an exception for what the made-up check finds.
func except(name string, ends time.Duration, change ...func(*v1alpha1.Exception)) func(*v1alpha1.SecurityBaseline) {
	return func(sb *v1alpha1.SecurityBaseline) {
		e := v1alpha1.Exception{Name: name, Checks: []v1alpha1.CheckID{"node-name"}}
		if ends != 0 {
			at := metav1.NewTime(now.Add(ends))
			e.Expires = &at
		}
		for _, c := range change {
			c(&e)
		}
		sb.Spec.Exceptions = append(sb.Spec.Exceptions, e)
	}
}

func together(changes ...func(*v1alpha1.SecurityBaseline)) func(*v1alpha1.SecurityBaseline) {
	return func(sb *v1alpha1.SecurityBaseline) {
		for _, change := range changes {
			change(sb)
		}
	}
}

func TestExceptionsWaive(t *testing.T) {
	for name, test := range map[string]struct {
		baselines  []func(*v1alpha1.SecurityBaseline)
		last       *v1alpha1.DriftReport
		target     workload.Ref
		unreadable map[engine.Need]string
		waivers    []string
		matched    map[judgement.ExceptionKey]int32
		turns      time.Duration
	}{
		"what matches is waived": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", time.Hour)},
			waivers:   []string{"production n1: a"}, matched: map[judgement.ExceptionKey]int32{{"production", "a"}: 1}, turns: time.Hour,
		},
		"an exception of one baseline waives nothing of another": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", 0), staging},
			waivers:   []string{"staging n1: -", "production n1: a"}, matched: map[judgement.ExceptionKey]int32{{"production", "a"}: 1},
		},
		"of several the one that ends last is named, and all count": {
			baselines: []func(*v1alpha1.SecurityBaseline){together(except("a", time.Hour), except("b", 3*time.Hour), except("c", 2*time.Hour))},
			waivers:   []string{"production n1: b"}, turns: time.Hour,
			matched: map[judgement.ExceptionKey]int32{{"production", "a"}: 1, {"production", "b"}: 1, {"production", "c"}: 1},
		},
		"one without an end ends last": {
			baselines: []func(*v1alpha1.SecurityBaseline){together(except("a", 0), except("b", time.Hour))},
			waivers:   []string{"production n1: a"}, turns: time.Hour,
			matched: map[judgement.ExceptionKey]int32{{"production", "a"}: 1, {"production", "b"}: 1},
		},
		"one that has ended waives nothing": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", -time.Second)}, waivers: []string{"production n1: -"},
		},
		"one that matches something else waives nothing": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", time.Hour, func(e *v1alpha1.Exception) { e.Values = []string{"n2"} })},
			waivers:   []string{"production n1: -"},
		},
		"a target of another name is not waived": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", 0, func(e *v1alpha1.Exception) {
				e.Targets = []v1alpha1.ExceptionTarget{{Names: []string{"web"}}}
			})},
			waivers: []string{"production n1: -"},
		},
		"the target is what the report speaks of": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", 0, func(e *v1alpha1.Exception) {
				e.Targets = []v1alpha1.ExceptionTarget{{Kinds: []string{"Rollout"}, Names: []string{"api"}, Namespaces: []string{"shop"}}}
			})},
			waivers: []string{"production n1: a"}, matched: map[judgement.ExceptionKey]int32{{"production", "a"}: 1},
		},
		"a finding that was kept loses a waiver that has ended": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", -time.Second)}, unreadable: map[engine.Need]string{need: "forbidden"},
			last: waivedReport("a"), waivers: []string{"production old: -"},
		},
		"a finding that was kept, open, is not waived unseen": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", time.Hour)}, unreadable: map[engine.Need]string{need: "forbidden"},
			last: lastReport("production", "old"), waivers: []string{"production old: -"},
		},
		"a finding that was kept keeps its waiver while that lasts": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", time.Hour, func(e *v1alpha1.Exception) {
				e.Containers = []v1alpha1.ExceptionContainer{{Image: "cfos:*"}}
			})}, unreadable: map[engine.Need]string{need: "forbidden"},
			last: waivedReport("a"), waivers: []string{"production old: a"}, turns: time.Hour,
			matched: map[judgement.ExceptionKey]int32{{"production", "a"}: 1},
		},
		"a finding that was kept loses a waiver that is gone": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("b", time.Hour)}, unreadable: map[engine.Need]string{need: "forbidden"},
			last: waivedReport("a"), waivers: []string{"production old: -"},
		},
		"a kind of another group that is called like one that is judged is another": {
			baselines: []func(*v1alpha1.SecurityBaseline){except("a", 0, func(e *v1alpha1.Exception) {
				e.Targets = []v1alpha1.ExceptionTarget{{Kinds: []string{"Deployment"}}}
			})},
			target: workload.Ref{Group: "evil.example.com", Kind: "Deployment", Namespace: "shop", Name: "api"}, waivers: []string{"production n1: -"},
		},
		"a suspended baseline keeps its waivers as they are": {
			baselines: []func(*v1alpha1.SecurityBaseline){together(suspend, except("a", -time.Second))},
			last:      waivedReport("a"), waivers: []string{"production old: a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			judged := replicaSet("one", "n1")
			if test.target.Name == "" {
				test.target = workload.Ref{Group: "argoproj.io", Kind: "Rollout", Namespace: "shop", Name: "api"}
			}
			object := &judgement.Object{
				Target:    test.target,
				Workloads: []workload.Workload{judged}, Facts: blind(test.unreadable, judged),
			}
			verdict := judgement.Judge(set(test.baselines...), object, test.last, now)
			var waivers []string
			for _, f := range verdict.Findings {
				by := "-"
				if f.Waiver != nil {
					by = f.Waiver.Exception
				}
				waivers = append(waivers, f.Baseline+" "+f.Value+": "+by)
			}
			if diff := cmp.Diff(test.waivers, waivers); diff != "" {
				t.Errorf("waivers: %s", diff)
			}
			if diff := cmp.Diff(test.matched, verdict.Matched); diff != "" {
				t.Errorf("matched: %s", diff)
			}
			if want := now.Add(test.turns); (test.turns == 0) != verdict.Turns.IsZero() || (test.turns != 0 && !verdict.Turns.Equal(want)) {
				t.Errorf("turns %v, want %v", verdict.Turns, test.turns)
			}
		})
	}
}

func waivedReport(exception string) *v1alpha1.DriftReport {
	last := lastReport("production", "old")
	last.Status.Findings[0].Waiver = &v1alpha1.Waiver{Exception: exception}
	return last
}

// In the revisions of one target a container of one name may run several images. An exception for one of them waives
// nothing while the other runs.
func TestEveryImageOfAContainerMustMatch(t *testing.T) {
	check := engine.Check{
		ID: "node-name", Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(*engine.Input) []engine.Finding { return []engine.Finding{{Container: "app", Value: "x"}} },
	}
	for name, test := range map[string]struct {
		images []string
		waived bool
	}{
		"one image":           {images: []string{"cfos:1"}, waived: true},
		"two that match":      {images: []string{"cfos:1", "cfos:2"}, waived: true},
		"one that does not":   {images: []string{"cfos:1", "evil:1"}},
		"without a container": {images: nil},
	} {
		t.Run(name, func(t *testing.T) {
			object := &judgement.Object{Workloads: []workload.Workload{replicaSet("empty", "")}}
			for _, image := range test.images {
				w := replicaSet(image, "")
				w.Pod.Containers = []corev1.Container{{Name: "app", Image: image}}
				object.Workloads = append(object.Workloads, w)
			}
			baselines := setOf([]engine.Check{check}, except("a", 0, func(e *v1alpha1.Exception) {
				e.Containers = []v1alpha1.ExceptionContainer{{Name: "app", Image: "cfos:*"}}
			}))
			verdict := judgement.Judge(baselines, object, nil, now)
			if got := verdict.Findings[0].Waiver != nil; got != test.waived {
				t.Errorf("waived = %v, want %v", got, test.waived)
			}
		})
	}
}

func TestOfATargetThatCannotBeReadOnlyWaiversEnd(t *testing.T) {
	for name, test := range map[string]struct {
		ends    time.Duration
		suspend bool
		waived  bool
	}{
		"a waiver stays while its exception does":     {ends: time.Hour, waived: true},
		"a waiver ends with its exception":            {ends: -time.Second},
		"under a suspended baseline everything stays": {ends: -time.Second, suspend: true, waived: true},
	} {
		t.Run(name, func(t *testing.T) {
			baselines := set(together(except("a", test.ends), func(sb *v1alpha1.SecurityBaseline) { sb.Spec.Suspend = test.suspend }))
			verdict := judgement.JudgeUnreadable(baselines, workload.Ref{Name: "api"}, waivedReport("a"), "it cannot be read", now)
			if len(verdict.Findings) != 1 || (verdict.Findings[0].Waiver != nil) != test.waived || len(verdict.Covering) != 1 {
				t.Errorf("%+v", verdict)
			}
			if seen := len(verdict.NotEvaluated) == 0; seen != test.suspend {
				t.Errorf("not evaluated: %v", verdict.NotEvaluated)
			}
		})
	}
}
