// Package judgement holds a target against every baseline that covers it. It is pure: the operator and the command
// line both judge here.
package judgement

import (
	"cmp"
	"slices"
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// Subject is a target with all that is judged of it.
type Subject struct {
	// Target is the object that the report speaks of.
	Target workload.Ref
	// Workloads are the objects whose pods are judged: the target itself or, where its kind is not watched, the
	// watched objects that it controls.
	Workloads []workload.Workload
	// Namespace is what scopes look at of the target's namespace.
	Namespace baseline.Namespace
	// Partial says why there may be more to judge than Workloads; empty when that is all.
	Partial string
	// Facts are what is known around each workload. Of one that is not here there is nothing to know.
	Facts map[workload.Ref]Facts
}

// Facts are what is known around one workload.
type Facts struct {
	// ServiceAccount is what is judged of the ServiceAccount of its pods, where that decides anything.
	ServiceAccount engine.ServiceAccount
	// Unreadable says of facts that could not be read, why.
	Unreadable map[engine.Need]string
}

// Verdict is what all baselines together say of a target.
type Verdict struct {
	engine.Result
	// Covering are the baselines that cover the target, or that are frozen with findings on it, in order of name.
	Covering []*baseline.Baseline
	// Matched counts the findings that exceptions waive.
	Matched map[ExceptionKey]int32
	// Turns is when an exception that matches begins or ceases to waive; zero when none does.
	Turns time.Time
}

// undecided is the reason given when a scope asks for labels that could not be read.
const undecided = "cannot read the labels of its namespace, which the baseline's scope asks for"

// Judge holds a subject against every baseline of the set. last is the report that the target has, or nil: what cannot
// be judged now (by a baseline that is frozen, by a check that cannot see) stays as it was. now decides which exceptions
// waive.
func Judge(checks []engine.Check, set *baseline.Set, subject Subject, last *v1alpha1.DriftReport, now time.Time) Verdict {
	if last == nil {
		last = &v1alpha1.DriftReport{}
	}
	var verdict Verdict
	for _, b := range set.All() {
		findings, notEvaluated, covers := judge(checks, b, subject, last)
		if b.Frozen == "" {
			verdict.waive(b, subject, findings, now)
		}
		if covers {
			verdict.Covering = append(verdict.Covering, b)
		}
		verdict.Findings = append(verdict.Findings, findings...)
		verdict.NotEvaluated = append(verdict.NotEvaluated, notEvaluated...)
	}
	verdict.Findings = engine.Sort(verdict.Findings)
	return verdict
}

func judge(checks []engine.Check, b *baseline.Baseline, subject Subject, last *v1alpha1.DriftReport) ([]engine.Finding, []engine.NotEvaluated, bool) {
	if b.Frozen != "" {
		return keep(last, engine.NotEvaluated{Baseline: b.Name}), nil, slices.Contains(last.Status.Baselines, b.Name)
	}
	var result engine.Result
	covers := false
	for i := range subject.Workloads {
		switch b.Covers(subject.Workloads[i], subject.Namespace) {
		case baseline.NotCovered:
			continue
		case baseline.Undecided:
			result.NotEvaluated = append(result.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: undecided})
		case baseline.Covered:
			evaluate(&result, checks, b, subject, subject.Workloads[i])
		}
		covers = true
	}
	if covers && subject.Partial != "" {
		result.NotEvaluated = append(result.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: subject.Partial})
	}
	// The revisions of one workload may all say the same.
	slices.SortFunc(result.NotEvaluated, compareNotEvaluated)
	result.NotEvaluated = slices.Compact(result.NotEvaluated)
	for _, n := range result.NotEvaluated {
		result.Findings = append(result.Findings, keep(last, n)...)
	}
	return engine.Sort(result.Findings), result.NotEvaluated, covers
}

// evaluate holds one workload against all rules of a baseline.
func evaluate(result *engine.Result, checks []engine.Check, b *baseline.Baseline, subject Subject, w workload.Workload) {
	facts := subject.Facts[w.Ref]
	in := &engine.Input{
		Workload: w, Baseline: b.Name, Severities: b.Severities,
		ServiceAccount: facts.ServiceAccount, Unreadable: facts.Unreadable,
	}
	for _, rules := range b.Rules {
		in.Declared, in.Reading, in.Disabled = rules.Declared, rules.Reading, rules.Disabled
		one := engine.Evaluate(checks, in)
		if w.EphemeralOnly {
			one.Findings = slices.DeleteFunc(one.Findings, func(f engine.Finding) bool { return f.Container == "" })
		}
		result.Findings = append(result.Findings, one.Findings...)
		result.NotEvaluated = append(result.NotEvaluated, one.NotEvaluated...)
	}
}

// keep returns the findings that a check which could not be made, or a whole baseline, found last.
func keep(last *v1alpha1.DriftReport, n engine.NotEvaluated) []engine.Finding {
	var kept []engine.Finding
	for _, f := range last.Status.Findings {
		if f.Baseline == n.Baseline && (n.Check == "" || f.Check == n.Check) {
			kept = append(kept, f)
		}
	}
	return kept
}

func compareNotEvaluated(a, b engine.NotEvaluated) int {
	return cmp.Or(cmp.Compare(a.Baseline, b.Baseline), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Reason, b.Reason))
}
