package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

func TestDiff(t *testing.T) {
	finding := func(value string, changes ...func(*engine.Finding)) engine.Finding {
		f := engine.Finding{Baseline: "b", Check: "c", Path: "spec", Value: value, Severity: v1alpha1.SeverityHigh, Expected: "none"}
		for _, change := range changes {
			change(&f)
		}
		return f
	}
	critical := func(f *engine.Finding) { f.Severity = v1alpha1.SeverityCritical }
	expected := func(f *engine.Finding) { f.Expected = "one of: X" }
	reworded := func(f *engine.Finding) { f.Actual, f.Message, f.Remediation = "1, 2", "It is.", "Do." }
	waived := func(f *engine.Finding) { f.Waiver = &v1alpha1.Waiver{Exception: "e"} }
	of := func(findings ...engine.Finding) []engine.Finding { return findings }

	for name, test := range map[string]struct {
		last, now []engine.Finding
		want      engine.Changes
	}{
		"nothing against nothing is no change":     {},
		"the same is no change":                    {last: of(finding("1"), finding("2")), now: of(finding("1"), finding("2"))},
		"the same in another order is no change":   {last: of(finding("2"), finding("1")), now: of(finding("1"), finding("2"))},
		"what only reads differently is no change": {last: of(finding("1")), now: of(finding("1", reworded))},
		"what is new is opened":                    {now: of(finding("1")), want: engine.Changes{Opened: of(finding("1"))}},
		"what is gone is resolved":                 {last: of(finding("1")), want: engine.Changes{Resolved: of(finding("1"))}},
		"another value is another finding": {
			last: of(finding("1")), now: of(finding("2")),
			want: engine.Changes{Opened: of(finding("2")), Resolved: of(finding("1"))},
		},
		"what is worse is changed": {
			last: of(finding("1")), now: of(finding("1", critical)), want: engine.Changes{Changed: of(finding("1", critical))},
		},
		"of which something else is expected is changed": {
			last: of(finding("1")), now: of(finding("1", expected)), want: engine.Changes{Changed: of(finding("1", expected))},
		},
		"what is new and waived is waived": {now: of(finding("1", waived)), want: engine.Changes{Waived: of(finding("1", waived))}},
		"what was open and is waived is waived": {
			last: of(finding("1")), now: of(finding("1", waived)), want: engine.Changes{Waived: of(finding("1", waived))},
		},
		"what was waived and is open is not waived any more": {
			last: of(finding("1", waived)), now: of(finding("1")), want: engine.Changes{Unwaived: of(finding("1"))},
		},
		"what stays waived is no change": {last: of(finding("1", waived)), now: of(finding("1", waived, reworded))},
		"what was waived and is gone is resolved": {
			last: of(finding("1", waived)), want: engine.Changes{Resolved: of(finding("1", waived))},
		},
		"changes come in the order of the findings": {
			last: of(finding("1"), finding("2"), finding("5"), finding("6")),
			now:  of(finding("3"), finding("4"), finding("5", critical), finding("6", critical)),
			want: engine.Changes{
				Opened: of(finding("3"), finding("4")), Resolved: of(finding("1"), finding("2")),
				Changed: of(finding("5", critical), finding("6", critical)),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := engine.Diff(test.last, test.now)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want := cmp.Equal(test.want, engine.Changes{}); got.None() != want {
				t.Errorf("None() = %v", got.None())
			}
		})
	}
}
