package judging_test

import (
	"testing"

	"k8s.io/pod-security-admission/policy"

	"plumbline.dev/plumbline/test/bench/judging"
)

const root = "../../.."

// What is compared must be the same work: both make all their checks, and find nothing.
func TestThePodIsCleanToBoth(t *testing.T) {
	for _, name := range []string{"hardened", "pss-restricted"} {
		b, err := judging.Sample(root, name)
		if err != nil {
			t.Fatal(err)
		}
		questions := judging.Questions(b, judging.Pod())
		if findings := judging.Evaluate(questions); len(findings) > 0 {
			t.Errorf("%s: %+v", name, findings)
		}
		if n := testing.AllocsPerRun(100, func() { judging.Evaluate(questions) }); n != 0 {
			t.Errorf("%s: a clean pod costs %v allocations", name, n)
		}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if result := policy.AggregateCheckResults(judging.Upstream(evaluator, judging.Pod())); !result.Allowed {
		t.Error(result.ForbiddenDetail())
	}
}

func BenchmarkEvaluateHardened(b *testing.B)   { evaluate(b, "hardened") }
func BenchmarkEvaluateRestricted(b *testing.B) { evaluate(b, "pss-restricted") }

func evaluate(b *testing.B, name string) {
	compiled, err := judging.Sample(root, name)
	if err != nil {
		b.Fatal(err)
	}
	questions := judging.Questions(compiled, judging.Pod())
	b.ReportAllocs()
	for b.Loop() {
		judging.Evaluate(questions)
	}
}

func BenchmarkUpstreamRestricted(b *testing.B) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		b.Fatal(err)
	}
	pod := judging.Pod()
	b.ReportAllocs()
	for b.Loop() {
		judging.Upstream(evaluator, pod)
	}
}
