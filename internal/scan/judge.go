package scan

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// reportNamespace is where the operator would keep the reports of what belongs to no namespace.
const reportNamespace = "plumbline-system"

// key tells a result from others: the target, and which of several that were given it is. Where two trees are compared, what is
// the same in both has the key that it has in the tree before, and what is new has a negative number.
type key struct {
	ref    workload.Ref
	number int
}

// judging holds a world against baselines.
type judging struct {
	set      *baseline.Set
	now      time.Time
	progress *progress
	// reports asks for DriftReports, and verdicts for findings as they are compared: most scans need neither.
	reports, verdicts bool
	// last are the findings of another tree, which stay where they cannot be judged in this one.
	last map[key][]engine.Finding
	// copies are what is judged, where trees are compared: before what was in the other one, and partners which of it is which.
	copies, before []copied
	partners       map[key]key
}

// keyOf returns the key of a target.
func (j *judging) keyOf(ref workload.Ref, number int) key {
	own := key{ref, number}
	if j.partners == nil {
		return own
	}
	if before, was := j.partners[own]; was {
		return before
	}
	return key{ref, ^number}
}

// judge returns what the baselines say of all that was given, in the order in which it was, and what was left.
func (j *judging) judge(ctx context.Context, w *world) ([]Result, []given, error) {
	layers, left := w.layers(j.set)
	if j.verdicts {
		j.copies = w.copies(layers)
	}
	if j.last != nil {
		j.partners = paired(j.before, j.copies)
	}
	total, done := 0, 0
	for _, l := range layers {
		total += len(l.aims)
	}
	var results []Result
	for _, l := range layers {
		l.open(j.set)
		found, err := j.layer(ctx, w, l, func() { done++; j.progress.step("judging", done, total) })
		if err != nil {
			return nil, nil, err
		}
		results = append(results, found...)
		l.close()
	}
	return results, left, nil
}

// layer judges the aims of a layer side by side.
func (j *judging) layer(ctx context.Context, w *world, l *layer, judged func()) ([]Result, error) {
	results, errs := make([]*Result, len(l.aims)), make([]error, len(l.aims))
	var next atomic.Int64
	var told sync.Mutex
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(l.aims)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(l.aims) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				results[i], errs[i] = j.one(ctx, w, l, &l.aims[i])
				told.Lock()
				judged()
				told.Unlock()
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("judging was ended: %w", err)
	}
	found := make([]Result, 0, len(results))
	for i, result := range results {
		if errs[i] != nil {
			return nil, fmt.Errorf("judge %s: %w", l.aims[i].ref, errs[i])
		}
		if result != nil {
			found = append(found, *result)
		}
	}
	return found, nil
}

// one judges one target; nil where no baseline covers it, or another object stands for it.
func (j *judging) one(ctx context.Context, w *world, l *layer, a *aim) (*Result, error) {
	target, err := j.target(ctx, l, a)
	if err != nil || target == nil {
		return nil, err
	}
	target.Object.Target = a.ref
	of := j.keyOf(a.ref, l.number)
	verdict := judgement.Judge(j.set, &target.Object, j.lastReport(of), j.now)
	_, blind := target.Object.Other.Unreadable[engine.NeedLive]
	isJudged := judged(&verdict) && !blind
	if !isJudged && len(verdict.NotEvaluated) == 0 {
		return nil, nil
	}
	result := &Result{
		Target: target.Reference, NotEvaluated: notEvaluated(verdict.NotEvaluated),
		key: of, judged: isJudged,
	}
	result.stands(w, a.object)
	result.Findings = make([]Finding, 0, len(verdict.Findings)) // no larger than it must be: they make up most of what is kept
	for i := range verdict.Findings {
		result.Findings = append(result.Findings, findingOf(&verdict.Findings[i]))
	}
	if j.verdicts {
		result.verdict = verdict.Findings
	}
	if j.reports {
		result.report = report.Build(report.Input{
			Target: target.Reference, Generation: target.Generation, Operator: reportNamespace, Verdict: verdict, Now: j.now,
		}).Report
	}
	return result, nil
}

// stands says where the object of a result stands, if it was read from a file.
func (r *Result) stands(w *world, object *given) {
	if object == nil || w.loader == nil {
		return
	}
	source := sourceOf(object.source)
	r.at, r.loader, r.Source = object.source, w.loader, &source
}

// target reads one target; nil where another object stands for it.
func (j *judging) target(ctx context.Context, l *layer, a *aim) (*facts.Target, error) {
	if a.object == nil {
		return l.absent(ctx, j.set, a.ref)
	}
	if why := otherVersion(j.set, a); why != "" {
		return l.unseen(ctx, j.set, a.ref, why)
	}
	target, state, err := l.cluster.Target(ctx, a.ref)
	if pin := j.set.Declares(a.ref); err == nil && target == nil && state == facts.Owned && pin != nil {
		target, state, err = l.cluster.Declared(ctx, pin, state)
	}
	if err != nil || state != facts.Found || target == nil {
		return nil, err
	}
	return target, l.gaps(ctx, target)
}

// lastReport returns a report of what another tree says of a target, nil where no other is compared with.
func (j *judging) lastReport(of key) *v1alpha1.DriftReport {
	findings := j.last[of]
	if len(findings) == 0 {
		return nil
	}
	last := &v1alpha1.DriftReport{Status: v1alpha1.DriftReportStatus{Findings: findings}}
	for i := range findings {
		if name := findings[i].Baseline; !slices.Contains(last.Status.Baselines, name) {
			last.Status.Baselines = append(last.Status.Baselines, name)
		}
	}
	return last
}

// judged says whether any baseline could judge the object at all.
func judged(verdict *judgement.Verdict) bool {
	return slices.ContainsFunc(verdict.Covering, func(b *baseline.Baseline) bool {
		return b.Frozen == "" && !slices.ContainsFunc(verdict.NotEvaluated, func(n engine.NotEvaluated) bool {
			return n.Baseline == b.Name && n.Check == "" && n.Reason == judgement.Undecided
		})
	})
}

func findingOf(f *engine.Finding) Finding {
	return Finding{
		Check: f.Check, Baseline: f.Baseline, Severity: f.Severity, Container: f.Container, Path: f.Path, Value: f.Value,
		Expected: f.Expected, Actual: f.Actual, Message: f.Message, Remediation: f.Remediation, Waiver: f.Waiver,
	}
}

func notEvaluated(all []engine.NotEvaluated) []NotEvaluated {
	var list []NotEvaluated
	for _, n := range all {
		list = append(list, NotEvaluated{Check: n.Check, Baseline: n.Baseline, Reason: facts.ToCaller(n.Reason)})
	}
	return list
}
