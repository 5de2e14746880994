package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// check is a made-up check that a baseline always asks for and that finds nothing, with changes.
func check(id string, changes ...func(*engine.Check)) engine.Check {
	c := engine.Check{
		ID:          id,
		Severity:    v1alpha1.SeverityHigh,
		Remediation: "Do better.",
		Declared:    func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run:         func(*engine.Input) []engine.Finding { return nil },
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func finds(findings ...engine.Finding) func(*engine.Check) {
	return func(c *engine.Check) { c.Run = func(*engine.Input) []engine.Finding { return findings } }
}

func panics(with any) func(*engine.Check) {
	return func(c *engine.Check) { c.Run = func(*engine.Input) []engine.Finding { panic(with) } }
}

func needs(needs ...engine.Need) func(*engine.Check) {
	return func(c *engine.Check) { c.Needs = needs }
}

func undeclared(c *engine.Check) {
	c.Declared = func(*v1alpha1.SecurityBaselineSpec) bool { return false }
}

func value(v string) engine.Finding {
	return engine.Finding{Path: "spec", Value: v, Message: "It is " + v + "."}
}

func TestEvaluate(t *testing.T) {
	const account, roles, sources engine.Need = "its ServiceAccount", "Roles", "senders"
	unreadable := map[engine.Need]string{account: "forbidden"}
	partial := map[engine.Need]string{sources: "some were not given"}
	for name, test := range map[string]struct {
		checks       []engine.Check
		found        []string
		notEvaluated []engine.NotEvaluated
	}{
		"without checks nothing is found":                     {},
		"a check that finds nothing leaves nothing":           {checks: []engine.Check{check("a")}},
		"what a check finds is reported":                      {checks: []engine.Check{check("a", finds(value("1"), value("2")))}, found: []string{"a 1", "a 2"}},
		"a check that is not declared is not made":            {checks: []engine.Check{check("a", undeclared, panics("must not run"))}},
		"a check that is not declared is not missed":          {checks: []engine.Check{check("a", undeclared, needs(account))}},
		"a check whose needs are all there is made":           {checks: []engine.Check{check("a", needs(roles), finds(value("1")))}, found: []string{"a 1"}},
		"findings come in order, whatever that of the checks": {checks: []engine.Check{check("b", finds(value("1"))), check("a", finds(value("1")))}, found: []string{"a 1", "b 1"}},
		"what is found twice is reported once":                {checks: []engine.Check{check("a", finds(value("1"), value("1")))}, found: []string{"a 1"}},
		"a check that cannot see has not passed, and the others are made": {
			checks:       []engine.Check{check("a", needs(roles, account), panics("must not run")), check("b", finds(value("1")))},
			found:        []string{"b 1"},
			notEvaluated: []engine.NotEvaluated{{Check: "a", Baseline: "production", Reason: "cannot read its ServiceAccount: forbidden"}},
		},
		"a check that sees a part is made, and has not passed all the same": {
			checks:       []engine.Check{check("a", needs(sources), finds(value("1"))), check("b", finds(value("1")))},
			found:        []string{"a 1", "b 1"},
			notEvaluated: []engine.NotEvaluated{{Check: "a", Baseline: "production", Reason: "cannot read all of senders: some were not given"}},
		},
		"a check that sees a part of one fact and nothing of another is not made": {
			checks:       []engine.Check{check("a", needs(sources, account), panics("must not run"))},
			notEvaluated: []engine.NotEvaluated{{Check: "a", Baseline: "production", Reason: "cannot read its ServiceAccount: forbidden"}},
		},
		"a check that panics has not passed, and the others are made": {
			checks:       []engine.Check{check("a", panics("oops")), check("b", finds(value("1")))},
			found:        []string{"b 1"},
			notEvaluated: []engine.NotEvaluated{{Check: "a", Baseline: "production", Reason: "the check failed, please report this as a bug: oops"}},
		},
		"what a panic says is made safe to print": {
			checks:       []engine.Check{check("a", panics(errors.New("a\x1b[31m\nb")))},
			notEvaluated: []engine.NotEvaluated{{Check: "a", Baseline: "production", Reason: `the check failed, please report this as a bug: a\x1b[31m\nb`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			result := engine.Evaluate(test.checks, &engine.Input{
				Baseline: "production", Declared: &v1alpha1.SecurityBaselineSpec{}, Unreadable: unreadable, Partial: partial,
			})
			var found []string
			for _, f := range result.Findings {
				found = append(found, f.Check+" "+f.Value)
			}
			if diff := cmp.Diff(test.found, found); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.notEvaluated, result.NotEvaluated); diff != "" {
				t.Errorf("not evaluated (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABaselineGivesChecksAnotherSeverity(t *testing.T) {
	result := engine.Evaluate([]engine.Check{check("a", finds(value("1"))), check("c", finds(value("1")))},
		&engine.Input{
			Baseline: "production", Declared: &v1alpha1.SecurityBaselineSpec{},
			Severities: map[string]v1alpha1.Severity{"c": v1alpha1.SeverityCritical},
		})
	var found []string
	for _, f := range result.Findings {
		found = append(found, f.Check+" "+string(f.Severity))
	}
	if diff := cmp.Diff([]string{"c Critical", "a High"}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACheckSeesWhatIsJudged(t *testing.T) {
	in := &engine.Input{Baseline: "production", Declared: &v1alpha1.SecurityBaselineSpec{Suspend: true}}
	var declared *v1alpha1.SecurityBaselineSpec
	var seen *engine.Input
	engine.Evaluate([]engine.Check{check("a", func(c *engine.Check) {
		c.Declared = func(spec *v1alpha1.SecurityBaselineSpec) bool { declared = spec; return true }
		c.Run = func(in *engine.Input) []engine.Finding { seen = in; return nil }
	})}, in)
	if declared != in.Declared || seen.Declared != in.Declared || seen.Baseline != in.Baseline {
		t.Errorf("the check saw %+v", seen)
	}
}

func TestTheEngineStampsWhatNoCheckShouldHaveTo(t *testing.T) {
	for name, test := range map[string]struct{ by, want engine.Finding }{
		"the check's ID, severity and remediation, the baseline and the origin": {
			by: engine.Finding{Container: "app", Path: "spec", Value: "v", Expected: "e", Actual: "a", Message: "m"},
			want: engine.Finding{
				Check: "a", Baseline: "production", Severity: v1alpha1.SeverityHigh, Container: "app", Path: "spec", Value: "v",
				Expected: "e", Actual: "a", Message: "m", Remediation: "Do better.", Origin: v1alpha1.OriginTemplate,
			},
		},
		"over what a check says of itself": {
			by: engine.Finding{Check: "b", Baseline: "other", Severity: v1alpha1.SeverityCritical},
			want: engine.Finding{
				Check: "a", Baseline: "production", Severity: v1alpha1.SeverityHigh, Remediation: "Do better.",
				Origin: v1alpha1.OriginTemplate,
			},
		},
		"but not over a severity that is less than its own": {
			by: engine.Finding{Severity: v1alpha1.SeverityLow},
			want: engine.Finding{
				Check: "a", Baseline: "production", Severity: v1alpha1.SeverityLow, Remediation: "Do better.",
				Origin: v1alpha1.OriginTemplate,
			},
		},
		"nor over a remediation and an origin of its own": {
			by: engine.Finding{Remediation: "Remove it.", Origin: "Elsewhere"},
			want: engine.Finding{
				Check: "a", Baseline: "production", Severity: v1alpha1.SeverityHigh, Remediation: "Remove it.", Origin: "Elsewhere",
			},
		},
		"and every text is made safe to print": {
			by: engine.Finding{Container: "\n", Path: "\n", Value: "\n", Expected: "\n", Actual: "\n", Message: "\n", Remediation: "\n"},
			want: engine.Finding{
				Check: "a", Baseline: "production", Severity: v1alpha1.SeverityHigh, Container: `\n`, Path: `\n`, Value: `\n`,
				Expected: `\n`, Actual: `\n`, Message: `\n`, Remediation: `\n`, Origin: v1alpha1.OriginTemplate,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			result := engine.Evaluate([]engine.Check{check("a", finds(test.by))},
				&engine.Input{Baseline: "production", Declared: &v1alpha1.SecurityBaselineSpec{}})
			if diff := cmp.Diff([]engine.Finding{test.want}, result.Findings); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The CRD refuses longer texts, and with one of them the whole report.
func TestEveryTextFitsTheReport(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	result := engine.Evaluate([]engine.Check{check("a", finds(engine.Finding{
		Container: long, Path: long, Value: long, Expected: long, Actual: long, Message: long, Remediation: long,
	}))}, &engine.Input{Baseline: "production", Declared: &v1alpha1.SecurityBaselineSpec{}})
	f := result.Findings[0]
	for text, limit := range map[string]int{
		f.Container: 256, f.Path: 512, f.Value: 256, f.Expected: 1024, f.Actual: 1024, f.Message: 1024, f.Remediation: 1024,
	} {
		if len(text) > limit || len(text) < limit/2 {
			t.Errorf("%d bytes where %d fit: %s", len(text), limit, text)
		}
	}
}
