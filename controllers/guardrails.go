package controllers

import (
	"context"
	"maps"
	"slices"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/guardrail"
	"plumbline.dev/plumbline/internal/workload"
)

// weakened remembers how guardrails came to be weaker since the operator started. Once a report says so, the report is what
// remembers it.
type weakened struct {
	mu     sync.Mutex
	gained map[workload.Ref][]guardrail.Weakness
}

func newWeakened() *weakened { return &weakened{gained: map[workload.Ref][]guardrail.Weakness{}} }

// note takes down what a change made weaker, and forgets what it put right.
func (w *weakened) note(ref workload.Ref, before, after []guardrail.Weakness) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := append(slices.Clone(w.gained[ref]), guardrail.Gained(before, after)...)
	all = slices.DeleteFunc(all, func(weakness guardrail.Weakness) bool { return !slices.Contains(after, weakness) })
	if len(all) == 0 {
		delete(w.gained, ref)
		return
	}
	w.gained[ref] = all
}

// of returns how a guardrail came to be weaker.
func (w *weakened) of(ref workload.Ref) []guardrail.Weakness {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gained[ref]
}

// guardrailChanged notes how a change of a guardrail made it weaker, and returns it where a baseline watches over it.
func (w *wiring) guardrailChanged(ctx context.Context, c change) []workload.Ref {
	if c.initial || c.before == nil || c.after == nil || c.before.GetUID() != c.after.GetUID() {
		return nil
	}
	ref, _ := facts.RefOf(c.after)
	namespaces := w.namespaces(ctx)
	w.weakened.note(ref, guardrail.Weaknesses(c.before, namespaces), guardrail.Weaknesses(c.after, namespaces))
	if !w.targets.baselines.current.Load().Judges(workload.Guardrails) {
		return nil
	}
	w.targets.arrivals.arrived([]workload.Ref{ref}, w.options.Clock.Now())
	return []workload.Ref{ref}
}

func (w *wiring) namespaces(ctx context.Context) []guardrail.Namespace {
	if !w.options.Watches.Readable(namespaceRef("").GroupKind()) {
		return nil
	}
	namespaces, err := w.targets.facts.Namespaces(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot tell which namespaces a guardrail leaves out")
	}
	return namespaces
}

// leftOut notes which guardrails leave a namespace out since its labels changed, and returns them where a baseline watches.
func (w *wiring) leftOut(ctx context.Context, name string, before, after map[string]string) []workload.Ref {
	touched := map[workload.Ref]struct{}{}
	guardrails, err := w.targets.facts.Guardrails(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot tell whether a guardrail leaves a namespace out", "namespace", name)
	}
	for _, obj := range guardrails {
		ref, _ := facts.RefOf(obj)
		was := guardrail.Weaknesses(obj, []guardrail.Namespace{{Name: name, Labels: before}})
		is := guardrail.Weaknesses(obj, []guardrail.Namespace{{Name: name, Labels: after}})
		if slices.Equal(was, is) {
			continue
		}
		others := guardrail.Weaknesses(obj, w.namespaces(ctx))
		w.weakened.note(ref, guardrail.Gained(guardrail.Gained(was, is), others), others)
		touched[ref] = struct{}{}
	}
	if !w.targets.baselines.current.Load().Judges(workload.Guardrails) {
		return nil
	}
	return slices.Collect(maps.Keys(touched))
}
