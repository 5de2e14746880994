// Package judgement holds a target against every baseline that covers it. It is pure: the operator and the command
// line both judge here.
package judgement

import (
	"cmp"
	"fmt"
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
func Judge(set *baseline.Set, subject Subject, last *v1alpha1.DriftReport, now time.Time) Verdict {
	if last == nil {
		last = &v1alpha1.DriftReport{}
	}
	var verdict Verdict
	for _, b := range set.All() {
		one := judge(b, subject, last)
		verdict.add(b, subject.Target, one, now)
	}
	verdict.Findings = engine.Sort(verdict.Findings)
	return verdict
}

// JudgeUnreadable says what the baselines say of a target that cannot be read: all that the report says stays, but for
// waivers that have ended.
func JudgeUnreadable(set *baseline.Set, target workload.Ref, last *v1alpha1.DriftReport, reason string, now time.Time) Verdict {
	var verdict Verdict
	for _, b := range set.All() {
		one := judged{covers: slices.Contains(last.Status.Baselines, b.Name)}
		if b.Frozen == "" && one.covers {
			one.NotEvaluated = []engine.NotEvaluated{{Baseline: b.Name, Reason: reason}}
			one.keep(last)
		} else {
			one.Findings = keep(last, engine.NotEvaluated{Baseline: b.Name})
		}
		verdict.add(b, target, one, now)
	}
	verdict.Findings = engine.Sort(verdict.Findings)
	return verdict
}

// add takes in what one baseline says.
func (v *Verdict) add(b *baseline.Baseline, target workload.Ref, one judged, now time.Time) {
	if b.Frozen == "" {
		v.waive(b, target, one, now)
	}
	if one.covers {
		v.Covering = append(v.Covering, b)
	}
	v.Findings = append(v.Findings, one.Findings...)
	v.NotEvaluated = append(v.NotEvaluated, one.NotEvaluated...)
}

// judged is what one baseline says of a subject.
type judged struct {
	engine.Result
	// covers says whether the baseline covers the subject.
	covers bool
	// kept are the findings that stay as they were, because they could not be judged.
	kept map[engine.Identity]bool
	// images are those of the containers of each name. It is nil where no exception asks for them.
	images map[string][]string
}

func judge(b *baseline.Baseline, subject Subject, last *v1alpha1.DriftReport) judged {
	var one judged
	if b.Frozen != "" {
		one.Findings, one.covers = keep(last, engine.NotEvaluated{Baseline: b.Name}), slices.Contains(last.Status.Baselines, b.Name)
		return one
	}
	for i := range subject.Workloads {
		switch b.Covers(subject.Workloads[i], subject.Namespace) {
		case baseline.NotCovered:
			continue
		case baseline.Undecided:
			one.NotEvaluated = append(one.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: undecided})
		case baseline.Covered:
			evaluate(&one.Result, b, subject, subject.Workloads[i])
			one.NotEvaluated = append(one.NotEvaluated, tooMany(b, &subject.Workloads[i])...)
		}
		one.covers = true
	}
	if one.covers && subject.Partial != "" {
		one.NotEvaluated = append(one.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: subject.Partial})
	}
	// The revisions of one workload may all say the same.
	slices.SortFunc(one.NotEvaluated, compareNotEvaluated)
	one.NotEvaluated = slices.Compact(one.NotEvaluated)
	one.keep(last)
	if len(b.Exceptions) > 0 && len(one.Findings) > 0 {
		one.images = imagesOf(subject)
	}
	return one
}

// keep adds the findings of what could not be judged, as they were last.
func (one *judged) keep(last *v1alpha1.DriftReport) {
	if len(one.NotEvaluated) == 0 {
		one.Findings = engine.Sort(one.Findings)
		return
	}
	found := map[engine.Identity]bool{}
	for i := range one.Findings {
		found[engine.IdentityOf(&one.Findings[i])] = true
	}
	one.kept = map[engine.Identity]bool{}
	for _, n := range one.NotEvaluated {
		for _, f := range keep(last, n) {
			if id := engine.IdentityOf(&f); !found[id] {
				one.Findings = append(one.Findings, f)
				one.kept[id] = true
			}
		}
	}
	one.Findings = engine.Sort(one.Findings)
}

// tooMany says that not all containers of a workload were judged.
func tooMany(b *baseline.Baseline, w *workload.Workload) []engine.NotEvaluated {
	if w.Unjudged() == 0 {
		return nil
	}
	return []engine.NotEvaluated{{Baseline: b.Name, Reason: fmt.Sprintf("of its containers the first %d are judged, and %d are not",
		workload.MaxContainers, w.Unjudged())}}
}

// evaluate holds one workload against all rules of a baseline.
func evaluate(result *engine.Result, b *baseline.Baseline, subject Subject, w workload.Workload) {
	facts := subject.Facts[w.Ref]
	in := &engine.Input{
		Workload: w, Baseline: b.Name, Severities: b.Severities,
		ServiceAccount: facts.ServiceAccount, Unreadable: facts.Unreadable,
	}
	for _, rules := range b.Rules {
		in.Declared, in.Reading = rules.Declared, rules.Reading
		one := engine.Evaluate(rules.Checks, in)
		if w.EphemeralOnly {
			one.Findings = slices.DeleteFunc(one.Findings, func(f engine.Finding) bool { return !w.HasContainer(f.Container) })
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
