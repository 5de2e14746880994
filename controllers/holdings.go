package controllers

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// holdings remembers what targets held when they were last judged, and under which baselines. What opens or resolves is gained or
// lost only where the target holds something else under the same generation of a baseline that covered it before; otherwise it may
// be the baseline that asks for something else, or only covers the target now. After a start nothing is known.
type holdings struct {
	mu   sync.Mutex
	last map[workload.Ref]holding
}

// holding is what a target held, as a digest, and the baselines that covered it.
type holding struct {
	digest uint64
	under  []*baseline.Baseline
}

func newHoldings() *holdings { return &holdings{last: map[workload.Ref]holding{}} }

func (h *holdings) of(ref workload.Ref) (holding, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, known := h.last[ref]
	return last, known
}

// judged takes down what a target holds, once its report says so. Where that is not known, what was known stays.
func (h *holdings) judged(ref workload.Ref, now holding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.digest != 0 {
		h.last[ref] = now
	}
}

// forget frees what is remembered of a target that is gone.
func (h *holdings) forget(ref workload.Ref) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.last, ref)
}

var holdingSeed = maphash.MakeSeed()

// granted is what gives a target permissions, in what tells it from anything else.
type granted struct {
	binding, role workload.Ref
	version       string // of the role
	via           rbac.Subject
}

// digestOf returns a digest of what gives a target permissions, or what its pods run as; 0 where no baseline asks, or where that
// cannot be read.
func digestOf(target *facts.Target, set *baseline.Set) uint64 {
	object := &target.Object
	if !set.Needs(engine.NeedRBAC) || object.Other.Subject == nil && len(object.Workloads) == 0 {
		return 0
	}
	if _, blind := object.Other.Unreadable[engine.NeedRBAC]; blind {
		return 0
	}
	for _, around := range object.Facts {
		if _, blind := around.Unreadable[engine.NeedRBAC]; blind {
			return 0
		}
	}
	digest := uint64(1)
	for _, grant := range grantsOf(target) {
		digest += maphash.Comparable(holdingSeed, granted{grant.Binding.Ref, grant.Role.Ref, grant.Role.Version, grant.Via})
	}
	return max(digest, 1)
}

// granted returns the baselines under which what opens or resolves does so because a target holds something else than when it was
// last judged.
func (r *targetReconciler) granted(ctx context.Context, ref workload.Ref, set *baseline.Set, digest uint64) []string {
	last, known := r.holdings.of(ref)
	if digest == 0 || digest == last.digest || set != r.baselines.current.Load() { // what was read may be what other baselines ask for
		return nil
	}
	newcomer := !known && r.isNewcomer(ctx, ref)
	var names []string
	for _, b := range set.All() {
		if slices.Contains(last.under, b) || newcomer && r.ledger.past(ref, b) {
			names = append(names, b.Name)
		}
	}
	return names
}

// isNewcomer says whether a target is one only since a binding names it: before, it held nothing by itself.
func (r *targetReconciler) isNewcomer(ctx context.Context, ref workload.Ref) bool {
	subject, is := rbac.SubjectFrom(ref)
	if !is || !workload.Named(ref) {
		return false
	}
	overlooked, err := r.facts.Overlooked(ctx, subject)
	return err == nil && !overlooked
}
