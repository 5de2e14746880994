package controllers

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

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
	// gone is how weak guardrails were that were deleted: whoever makes one again, weaker, weakens it.
	gone map[workload.Ref]goneGuardrail
}

// goneGuardrail is how weak a guardrail was when it was deleted.
type goneGuardrail struct {
	weak []guardrail.Weakness
	at   time.Time
}

// A guardrail that is made again later than this is another one, and no more than so many are remembered.
const (
	madeAgainWithin = 10 * time.Minute
	maxGone         = 256
)

func newWeakened() *weakened {
	return &weakened{gained: map[workload.Ref][]guardrail.Weakness{}, gone: map[workload.Ref]goneGuardrail{}}
}

// deleted takes down how weak a guardrail was that is gone, but for what it came to be: that is found again when it is made again.
func (w *weakened) deleted(ref workload.Ref, weak []guardrail.Weakness, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	weak = guardrail.Gained(w.gained[ref], weak)
	delete(w.gained, ref)
	maps.DeleteFunc(w.gone, func(_ workload.Ref, one goneGuardrail) bool { return now.Sub(one.at) > madeAgainWithin })
	if len(w.gone) < maxGone {
		w.gone[ref] = goneGuardrail{weak, now}
	}
}

// before returns how weak a guardrail was that is made again, and forgets it; false where it is a new one.
func (w *weakened) before(ref workload.Ref, now time.Time) ([]guardrail.Weakness, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one, is := w.gone[ref]
	delete(w.gone, ref)
	return one.weak, is && now.Sub(one.at) <= madeAgainWithin
}

// note takes down what a change made weaker, and forgets what it put right.
func (w *weakened) note(ref workload.Ref, before, after []guardrail.Weakness) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := append(slices.Clone(w.gained[ref]), guardrail.Gained(before, after)...)
	still := guardrail.Set(after)
	all = slices.DeleteFunc(all, func(weakness guardrail.Weakness) bool {
		_, is := still[weakness]
		return !is
	})
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
	if c.initial {
		return nil
	}
	known, weakness := w.weaknessBefore(ctx, c)
	if c.after == nil { // its report goes with it
		ref, _ := facts.RefOf(c.before)
		return []workload.Ref{ref}
	}
	if !known {
		return nil
	}
	ref, _ := facts.RefOf(c.after)
	w.weakened.note(ref, weakness, guardrail.Weaknesses(c.after, w.namespaces(ctx)))
	if !w.targets.baselines.current.Load().Judges(workload.Guardrails) {
		return nil
	}
	w.targets.arrivals.arrived([]workload.Ref{ref}, w.options.Clock.Now())
	return []workload.Ref{ref}
}

// weaknessBefore returns how weak a guardrail was before a change, also before it was deleted and made again, as kubectl replace
// --force does; false where it is a new one. Of one that is deleted it takes it down.
func (w *wiring) weaknessBefore(ctx context.Context, c change) (known bool, weak []guardrail.Weakness) {
	now := w.options.Clock.Now()
	if c.before == nil {
		ref, _ := facts.RefOf(c.after)
		weak, known = w.weakened.before(ref, now)
		return known, weak
	}
	weak = guardrail.Weaknesses(c.before, w.namespaces(ctx))
	if c.after == nil {
		ref, _ := facts.RefOf(c.before)
		w.weakened.deleted(ref, weak, now)
	}
	return true, weak
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
