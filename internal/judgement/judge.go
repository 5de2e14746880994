// Package judgement holds a target against every baseline that covers it. It is pure: the operator and the command
// line both judge here.
package judgement

import (
	"k8s.io/apimachinery/pkg/runtime"

	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Object is a target with all that is judged of it.
type Object struct {
	// Target is the object that the report speaks of.
	Target workload.Ref
	// Workloads are the objects whose pods are judged: the target itself or, where its kind is not watched, the
	// watched objects that it controls. None where the target is no workload.
	Workloads []workload.Workload
	// Live is the workload as caches hold it, where the target is one.
	Live runtime.Object
	// Other is what is judged of a target that is no workload.
	Other engine.Other
	// Namespace is what scopes look at of the target's namespace.
	Namespace baseline.Namespace
	// Partial says why there may be more to judge than Workloads; empty when that is all.
	Partial string
	// Unlisted says of a binding which of those that it names are not judged for it; empty when all are.
	Unlisted string
	// Namespaces are the labels of all namespaces, where a guardrail is judged.
	Namespaces map[string]map[string]string
	// Facts are what is known around each workload. Of one that is not here there is nothing to know.
	Facts map[workload.Ref]Facts
	// Running are the running pods of Workloads that are not what these say, where a baseline asks for them.
	Running Running
	// Passing is the fact that may be so for a moment only, such as that a NetworkPolicy selects nothing; empty where there is
	// none. Settling says that it came to be just now: what checks that need it found last stays until it has lasted.
	Passing  engine.Need
	Settling bool
}

// Facts are what is known around one workload.
type Facts struct {
	// ServiceAccount is what is judged of the ServiceAccount of its pods, where that decides anything.
	ServiceAccount engine.ServiceAccount
	// Grants are what gives that ServiceAccount permissions, where a baseline asks for them.
	Grants []rbac.Grant
	// Network is what NetworkPolicies look at in its pods, where a baseline asks for that.
	Network engine.Network
	// Unreadable says of facts that could not be read, why; Partial of those that are known in part.
	Unreadable, Partial map[engine.Need]string
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
	// Pods names, of each finding on running pods, the pod that was looked at.
	Pods map[engine.Identity]string
}

// Undecided is the reason given when a scope asks for labels that could not be read.
const Undecided = "cannot read the labels of its namespace, which the baseline's scope asks for"

// Judge holds an object against every baseline of the set. last is the report that the target has, or nil: what cannot
// be judged now (by a baseline that is frozen, by a check that cannot see) stays as it was. now decides which exceptions
// waive.
func Judge(set *baseline.Set, object *Object, last *v1alpha1.DriftReport, now time.Time) Verdict {
	if last == nil {
		last = &v1alpha1.DriftReport{}
	}
	var verdict Verdict
	inputs := object.Inputs()
	for _, b := range set.All() {
		one := judge(b, object, inputs, last)
		verdict.add(b, object.Target, one, now)
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
	if len(one.pods) > 0 && v.Pods == nil {
		v.Pods = map[engine.Identity]string{}
	}
	maps.Copy(v.Pods, one.pods)
}

// judged is what one baseline says of an object.
type judged struct {
	engine.Result
	// last is the report as it is.
	last *v1alpha1.DriftReport
	// covers says whether the baseline covers the object.
	covers bool
	// kept are the findings that stay as they were, because they could not be judged.
	kept map[engine.Identity]bool
	// images are those of the containers of each name. It is nil where no exception asks for them.
	images map[string][]string
	// podImages are those of running pods, pods their names, and settling the checks whose findings stay until it is
	// certain how these are.
	podImages map[string][]string
	pods      map[engine.Identity]string
	settling  []engine.NotEvaluated
}

func judge(b *baseline.Baseline, object *Object, inputs []engine.Input, last *v1alpha1.DriftReport) judged {
	one := judged{last: last}
	if b.Frozen != "" {
		one.Findings, one.covers = keep(last, engine.NotEvaluated{Baseline: b.Name}), slices.Contains(last.Status.Baselines, b.Name)
		return one
	}
	for i := range inputs {
		one.hold(b, object, &inputs[i])
	}
	one.running(b, object, inputs)
	if one.covers && object.Partial != "" {
		one.NotEvaluated = append(one.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: object.Partial})
	}
	// The revisions of one workload may all say the same.
	slices.SortFunc(one.NotEvaluated, compareNotEvaluated)
	one.NotEvaluated = slices.Compact(one.NotEvaluated)
	one.keep(last)
	one.unlisted(b, object)
	if len(b.Exceptions) > 0 && len(one.Findings) > 0 {
		one.images, one.podImages = imagesOf(object), imagesOfPods(object)
	}
	return one
}

// Ask puts into an input of an object which baseline asks, and what of it and of its scope is made ready for checks.
func Ask(b *baseline.Baseline, object *Object, in *engine.Input) {
	b.Ask(in)
	if in.Guardrail != nil {
		in.InScope = func(namespace string) bool {
			return b.CoversNamespace(namespace, baseline.Namespace{Labels: object.Namespaces[namespace], Known: true})
		}
	}
}

// hold holds one thing that is judged of an object against a baseline.
func (one *judged) hold(b *baseline.Baseline, object *Object, in *engine.Input) {
	Ask(b, object, in)
	if in.Guardrail != nil {
		in.Last = one.last.Status.Findings
	}
	covered := in.Absent == nil && one.covered(b, b.Covers(in.Ref(), in.ObjectLabels(), object.Namespace))
	in.Closed = in.Closed && covered
	if in.Closed || in.Pin != nil { // what is declared is judged wherever it is
		one.covers = true
		one.evaluate(b, in, (*baseline.Rules).Named)
	}
	if !covered {
		return
	}
	class, _ := workload.ClassOf(in.Ref().GroupKind())
	one.evaluate(b, in, func(r *baseline.Rules) []engine.Check { return one.settled(b, object, r.For(class)) })
	if in.Workload.Pod != nil {
		one.NotEvaluated = append(one.NotEvaluated, tooMany(b, &in.Workload)...)
	}
}

// Inputs returns what is judged of an object, without a baseline: one for each of its workloads, or one where it is none.
func (o *Object) Inputs() []engine.Input {
	if len(o.Workloads) == 0 {
		return []engine.Input{{Other: o.Other, Unreadable: o.Other.Unreadable, Partial: o.Other.Partial}}
	}
	inputs := make([]engine.Input, len(o.Workloads))
	for i, w := range o.Workloads {
		facts := o.Facts[w.Ref]
		inputs[i] = engine.Input{Workload: w, ServiceAccount: facts.ServiceAccount, Grants: facts.Grants, Network: facts.Network,
			Unreadable: facts.Unreadable, Partial: facts.Partial}
		inputs[i].Live, inputs[i].Owned = o.Live, workload.Made(w.Meta, w.Kind)
	}
	return inputs
}

// covered takes down whether the baseline covers what is judged, and says whether it is to be held against the rules.
func (one *judged) covered(b *baseline.Baseline, coverage baseline.Coverage) bool {
	one.covers = one.covers || coverage != baseline.NotCovered
	if coverage == baseline.Undecided {
		one.NotEvaluated = append(one.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: Undecided})
	}
	return coverage == baseline.Covered
}

// keep adds the findings of what could not be judged, as they were last.
func (one *judged) keep(last *v1alpha1.DriftReport) {
	unsure := slices.Concat(one.settling, one.NotEvaluated)
	if len(unsure) == 0 {
		one.Findings = engine.Sort(one.Findings)
		return
	}
	found := map[engine.Identity]bool{}
	for i := range one.Findings {
		found[engine.IdentityOf(&one.Findings[i])] = true
	}
	one.kept = map[engine.Identity]bool{}
	for _, n := range unsure {
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

// evaluate makes those checks of a baseline that are chosen of each of its rules.
func (one *judged) evaluate(b *baseline.Baseline, in *engine.Input, checks func(*baseline.Rules) []engine.Check) {
	for i := range b.Rules {
		in.Declared, in.Reading = b.Rules[i].Declared, b.Rules[i].Reading
		result := engine.Evaluate(checks(&b.Rules[i]), in)
		if w := &in.Workload; w.EphemeralOnly {
			result.Findings = slices.DeleteFunc(result.Findings, func(f engine.Finding) bool { return !w.HasContainer(f.Container) })
		}
		one.Findings = append(one.Findings, result.Findings...)
		one.NotEvaluated = append(one.NotEvaluated, result.NotEvaluated...)
	}
}

// settled leaves out the checks that need what may be gone in a moment: what they found last stays.
func (one *judged) settled(b *baseline.Baseline, object *Object, checks []engine.Check) []engine.Check {
	if !object.Settling {
		return checks
	}
	var settled []engine.Check
	for i := range checks {
		if slices.Contains(checks[i].Needs, object.Passing) {
			one.settling = append(one.settling, engine.NotEvaluated{Check: checks[i].ID, Baseline: b.Name})
		} else {
			settled = append(settled, checks[i])
		}
	}
	return settled
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
