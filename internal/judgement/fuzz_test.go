package judgement_test

import (
	"encoding/json"
	"math/rand"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/randfill"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// seeds is how many pods and baselines a plain run of the tests makes up. go test -fuzz goes on from there.
const seeds = 500

func TestMadeUpPodsAndBaselinesAreJudgedInBounds(t *testing.T) {
	found := map[string]bool{}
	for seed := range int64(seeds) {
		for _, finding := range judgeMadeUp(t, seed) {
			found[finding.Check] = true
		}
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
	// What is made up must reach the checks, or this would show nothing.
	for _, check := range checks.All() {
		if !found[check.ID] && check.Judges == 0 { // of the pods alone
			t.Errorf("no made-up pod drifts by %s", check.ID)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(int64(seeds))
	f.Fuzz(func(t *testing.T, seed int64) { judgeMadeUp(t, seed) })
}

// judgeMadeUp makes up a pod and a baseline from a seed, most of which could never pass the API server, and judges them.
func judgeMadeUp(t *testing.T, seed int64) []engine.Finding {
	t.Helper()
	all := checks.All()
	source := randfill.New().RandSource(rand.NewSource(seed)).NilChance(0.5).NumElements(0, 4).MaxDepth(12).Funcs(fillers(engine.IDs(all))...)
	pod, sb := &corev1.Pod{}, v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "production"}}
	source.Fill(&pod.Spec)
	source.Fill(&pod.Annotations)
	source.Fill(&sb.Spec)
	sb.Spec.Scope, sb.Spec.Suspend = v1alpha1.Scope{}, false
	sb.Spec.Declared, sb.Spec.Inventory = nil, nil // what is made up makes no valid object: internal/pinned makes up its own

	whole := judged(t, all, &sb, pod)
	workload.Trim(pod)
	trimmed := judged(t, all, &sb, pod)
	if len(whole.Findings) != len(trimmed.Findings) {
		t.Errorf("%d findings on the whole pod, %d on the trimmed one", len(whole.Findings), len(trimmed.Findings))
	}
	return whole.Findings
}

func judged(t *testing.T, all []engine.Check, sb *v1alpha1.SecurityBaseline, pod *corev1.Pod) judgement.Verdict {
	t.Helper()
	var none *baseline.Set
	w, _ := workload.Of(pod)
	object := &judgement.Object{Workloads: []workload.Workload{w}}
	verdict := judgement.Judge(none.Update([]v1alpha1.SecurityBaseline{*sb}, all), object, nil, now)
	for _, n := range verdict.NotEvaluated {
		if strings.Contains(n.Reason, "the check failed") {
			t.Errorf("%+v", n)
		}
	}
	outcome := report.Build(report.Input{
		Target: v1alpha1.TargetReference{APIVersion: "v1", Kind: "Pod", Name: "made-up"}, Verdict: verdict, Now: now,
	})
	if outcome.Report == nil {
		return verdict
	}
	data, err := json.Marshal(outcome.Report)
	if err != nil {
		t.Fatal(err)
	}
	const most = 48 << 10 // 32 KiB of findings, 20 entries of history, conditions
	if n := len(outcome.Report.Status.Findings); n > 50 || len(data) > most {
		t.Errorf("a report of %d bytes with %d findings", len(data), n)
	}
	again := report.Build(report.Input{
		Target: outcome.Report.Spec.Target, Last: outcome.Report, Now: now,
		Verdict: judgement.Judge(none.Update([]v1alpha1.SecurityBaseline{*sb}, all), object, outcome.Report, now),
	})
	if !again.Changes.None() {
		t.Errorf("a second look finds changes: %+v", again.Changes)
	}
	return verdict
}

// fillers make up values of which some mean something.
func fillers(ids []string) []any {
	oneOf := func(c randfill.Continue, values ...string) string { return values[c.Intn(len(values))] }
	text := func(c randfill.Continue) string {
		switch c.Intn(4) {
		case 0:
			return oneOf(c, "", "a", "*", "\x1b[31m\n", strings.Repeat("x", 5000), "\xff\xfe")
		case 1:
			return c.String(0)
		}
		return oneOf(c, "app", "default", "ALL", "NET_RAW", "RuntimeDefault", "Localhost", "Unconfined", "Default", "windows", "container_t",
			"/var/run/docker.sock", "/", "../..", "net/ipv4/tcp_rmem", "nginx", "registry.example.com:5000/a@sha256:"+strings.Repeat("0", 64))
	}
	return []any{
		func(s *string, c randfill.Continue) { *s = text(c) },
		func(s *v1alpha1.Forbidden, c randfill.Continue) { *s = v1alpha1.Forbidden(oneOf(c, "", "Forbidden")) },
		func(s *v1alpha1.Required, c randfill.Continue) { *s = v1alpha1.Required(oneOf(c, "", "Required")) },
		func(s *v1alpha1.CheckID, c randfill.Continue) { *s = v1alpha1.CheckID(ids[c.Intn(len(ids))]) },
		func(s *v1alpha1.PodSecurityStandard, c randfill.Continue) {
			if c.Bool() {
				s.Level, s.Version = v1alpha1.PodSecurityLevel(oneOf(c, "baseline", "restricted")), oneOf(c, "latest", "v1.0", "v1.20", "v1.30")
			}
		},
		func(s *corev1.Capability, c randfill.Continue) { *s = corev1.Capability(text(c)) },
		func(s *corev1.SeccompProfileType, c randfill.Continue) { *s = corev1.SeccompProfileType(text(c)) },
		func(s *corev1.AppArmorProfileType, c randfill.Continue) { *s = corev1.AppArmorProfileType(text(c)) },
		func(s *corev1.ProcMountType, c randfill.Continue) { *s = corev1.ProcMountType(text(c)) },
		func(s *corev1.OSName, c randfill.Continue) { *s = corev1.OSName(text(c)) },
		func(m *map[string]string, c randfill.Continue) {
			if c.Bool() {
				*m = map[string]string{workload.AppArmorAnnotation + text(c): text(c), workload.SeccompPodAnnotation: text(c), text(c): text(c)}
			}
		},
		func(*runtime.RawExtension, randfill.Continue) {},
		func(q *resource.Quantity, c randfill.Continue) { q.Set(int64(c.Intn(3))) },
		func(t *metav1.Time, c randfill.Continue) {
			*t = metav1.NewTime(now.Add(time.Duration(c.Intn(120)-60) * time.Minute))
		},
	}
}
