package controllers

import (
	"context"
	"maps"
	"slices"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
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

// guardrailChanged notes how a change of a guardrail made it weaker, and returns it where a baseline watches over it. That it was
// deleted is told.
func (w *wiring) guardrailChanged(ctx context.Context, c change) []workload.Ref {
	if c.before != nil && (c.after == nil || c.before.GetUID() != c.after.GetUID()) {
		go w.guardrailDeleted(ctx, c.before)
	}
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

// guardrailDeleted tells, on each baseline that watches over it, that a guardrail was deleted, and what it did. No report can say so:
// it would be of an object of which nobody knows whether it is to be there. Of one that a baseline declares its report does.
func (w *wiring) guardrailDeleted(ctx context.Context, gone client.Object) {
	ref, _ := facts.RefOf(gone)
	set, err := w.targets.baselines.get(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot tell who watches over a guardrail that was deleted", "guardrail", ref.String())
		return
	}
	related := objectFor(v1alpha1.TargetReference{
		APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: ref.Kind, Name: ref.Name, UID: gone.GetUID(),
	})
	note := engine.Printable(ref.String() + " was deleted: " + guardrail.Enforced(gone) +
		". If it is to be there, create it again and declare it: then it is found while it is missing.")
	log.FromContext(ctx).Info("a guardrail was deleted", "guardrail", ref.String(), "uid", gone.GetUID())
	for _, b := range set.All() {
		watches := b.Frozen == "" && b.Declared.Guardrails == v1alpha1.RuleWatch && b.Pin(ref) == nil
		if watches && b.Covers(ref, gone.GetLabels(), baseline.Namespace{}) == baseline.Covered {
			w.targets.announcer.send(objectFor(baselineReference(b.Name, b.UID)), related, corev1.EventTypeWarning, v1alpha1.EventGuardrailDeleted, note)
		}
	}
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
