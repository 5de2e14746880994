package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// inOrder are findings of which each differs from the one before in one thing.
var inOrder = []engine.Finding{
	{Severity: v1alpha1.SeverityCritical, Check: "z", Container: "z", Path: "z", Value: "z", Baseline: "z"},
	{Severity: v1alpha1.SeverityHigh, Check: "a", Container: "z", Path: "z", Value: "z", Baseline: "z"},
	{Severity: v1alpha1.SeverityHigh, Check: "b", Container: "", Path: "z", Value: "z", Baseline: "z"},
	{Severity: v1alpha1.SeverityHigh, Check: "b", Container: "a", Path: "a", Value: "z", Baseline: "z"},
	{Severity: v1alpha1.SeverityHigh, Check: "b", Container: "a", Path: "b", Value: "a", Baseline: "z"},
	{Severity: v1alpha1.SeverityHigh, Check: "b", Container: "a", Path: "b", Value: "b", Baseline: "a"},
	{Severity: v1alpha1.SeverityHigh, Check: "b", Container: "a", Path: "b", Value: "b", Baseline: "b"},
	{Severity: v1alpha1.SeverityMedium, Check: "a"},
	{Severity: v1alpha1.SeverityLow, Check: "A"},
	{Severity: "Unheard-of", Check: "0"},
	{Severity: v1alpha1.SeverityCritical, Check: "y", Waiver: &v1alpha1.Waiver{Exception: "waived come last"}},
	{Severity: v1alpha1.SeverityHigh, Check: "x", Waiver: &v1alpha1.Waiver{Exception: "the worst of them first"}},
}

func TestFindingsAreOrderedTheWorstFirstThenByCheckContainerPathValueAndBaseline(t *testing.T) {
	for i := range inOrder {
		for j := range inOrder {
			if got, want := engine.Compare(&inOrder[i], &inOrder[j]), compareInts(i, j); got != want {
				t.Errorf("Compare(%+v, %+v) = %d, want %d", inOrder[i], inOrder[j], got, want)
			}
		}
	}
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestSort(t *testing.T) {
	finding := func(severity v1alpha1.Severity, check, value, actual string) engine.Finding {
		return engine.Finding{Severity: severity, Check: check, Value: value, Actual: actual}
	}
	for name, test := range map[string]struct{ given, want []engine.Finding }{
		"nothing stays nothing":           {},
		"what is in order stays as it is": {given: inOrder, want: inOrder},
		"what says the same stays once": {
			given: []engine.Finding{finding("High", "a", "1", "x"), finding("High", "b", "1", "x"), finding("High", "a", "1", "x")},
			want:  []engine.Finding{finding("High", "a", "1", "x"), finding("High", "b", "1", "x")},
		},
		"of one identity one stays, whatever else it says": {
			given: []engine.Finding{finding("High", "a", "1", "y"), finding("High", "a", "1", "x")},
			want:  []engine.Finding{finding("High", "a", "1", "x")},
		},
		"of one identity the worst stays, also with others between": {
			given: []engine.Finding{finding("Low", "a", "1", "x"), finding("High", "a", "2", "x"), finding("Critical", "a", "1", "x")},
			want:  []engine.Finding{finding("Critical", "a", "1", "x"), finding("High", "a", "2", "x")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				given := slices.Clone(test.given)
				rand.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
				if diff := cmp.Diff(test.want, engine.Sort(given)); diff != "" {
					t.Fatalf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestNothingButItsIdentityTellsAFindingFromAnother(t *testing.T) {
	one := engine.Finding{Baseline: "b", Check: "c", Container: "d", Path: "p", Value: "v"}
	other := one
	other.Severity, other.Expected, other.Actual, other.Message, other.Remediation = "Low", "e", "a", "m", "r"
	if engine.IdentityOf(&one) != engine.IdentityOf(&other) {
		t.Error("what is said about it does")
	}
	for what, change := range map[string]func(*engine.Finding){
		"baseline":  func(f *engine.Finding) { f.Baseline += "2" },
		"check":     func(f *engine.Finding) { f.Check += "2" },
		"container": func(f *engine.Finding) { f.Container += "2" },
		"path":      func(f *engine.Finding) { f.Path += "2" },
		"value":     func(f *engine.Finding) { f.Value += "2" },
	} {
		changed := one
		change(&changed)
		if engine.IdentityOf(&one) == engine.IdentityOf(&changed) {
			t.Errorf("its %s does not", what)
		}
	}
}
