package controllers

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

// trimNetworkPolicy keeps of a NetworkPolicy what is judged. Who changed it waits until it is.
func (w *Watches) trimNetworkPolicy(obj any) (any, error) {
	np, ok := obj.(*networkingv1.NetworkPolicy)
	if !ok {
		return obj, nil
	}
	if len(np.ManagedFields) > 0 {
		w.changes.Put(np.UID, np.ManagedFields)
	}
	network.Trim(np)
	return np, nil
}

// policyChanged returns all that a change of a NetworkPolicy may change, if any baseline asks for it: the policy, its
// namespace, and the workloads there that stand for themselves. What was there when the watch began is judged with the
// baselines that cover it.
func (w *wiring) policyChanged(ctx context.Context, c change) []workload.Ref {
	before, _ := c.before.(*networkingv1.NetworkPolicy)
	after, _ := c.after.(*networkingv1.NetworkPolicy)
	if before != nil && after == nil {
		w.targets.facts.ForgetPolicy(before.UID)
	}
	if c.initial || !w.asked(engine.NeedNetwork) || (before != nil && after != nil && samePolicy(before, after)) {
		return nil
	}
	one := cmp.Or(after, before)
	t := newTouched()
	t.refs[network.RefTo(one)] = struct{}{}
	if w.targets.baselines.current.Load().Judges(workload.Namespaces) {
		t.refs[namespaceRef(one.Namespace)] = struct{}{}
		if after == nil {
			w.targets.hints.lost(before)
		}
	}
	for _, ref := range w.targetsIn(ctx, one.Namespace, w.standing(ctx)) {
		t.refs[ref] = struct{}{}
	}
	return w.wake(ctx, t)
}

func samePolicy(before, after *networkingv1.NetworkPolicy) bool {
	return before.UID == after.UID && equality.Semantic.DeepEqual(before.Spec, after.Spec) && maps.Equal(before.Labels, after.Labels)
}

func namespaceRef(name string) workload.Ref { return workload.Ref{Kind: "Namespace", Name: name} }

// standing says of a workload whether it may stand for itself: also one whose controller is not there.
func (w *wiring) standing(ctx context.Context) func(workload.Workload) bool {
	return func(one workload.Workload) bool { return w.targets.facts.Stands(ctx, &one) }
}

// knowSource takes down what the pods of a workload look like to NetworkPolicies, which may let them in elsewhere, and says
// whether there are other sources of traffic now.
func (w *wiring) knowSource(ctx context.Context, before, after *workload.Workload) bool {
	if after == nil {
		return w.targets.facts.Sources.Delete(before.Ref)
	}
	changed, err := w.targets.facts.Sends(ctx, after)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot read a namespace", "namespace", after.Namespace)
	}
	return changed
}

// beside returns what a change of a workload changes beside its own report, if any baseline asks for it: its namespace, the
// NetworkPolicies that select it, and where there are other sources of traffic now, in a moment the workloads that these may
// reach or could before. What a controller makes changes nothing: the controller is judged by its own template.
func (w *wiring) beside(ctx context.Context, before, after *workload.Workload, sources bool) []workload.Ref {
	t := newTouched()
	one := cmp.Or(after, before)
	if w.asked(engine.NeedWorkloads) && (!made(before) || !made(after)) {
		t.refs[namespaceRef(one.Namespace)] = struct{}{}
		w.wakeOthers(ctx, t, workload.Policies, one.Namespace)
	}
	if sources && w.asked(engine.NeedSources) {
		w.protected.ask()
	}
	if len(t.refs) == 0 {
		return nil
	}
	return w.wake(ctx, t)
}

// made says whether a workload is not there, or names a controller that makes such.
func made(one *workload.Workload) bool { return one == nil || workload.Trimmed(*one) }

// protectedPause is how long a new source of traffic waits for others: those whom it may reach are found by going over all
// workloads of the cluster, which the handler of a change must not wait for, and one chart brings many.
const protectedPause = 100 * time.Millisecond

// wakeProtected has judged again the workloads of which a baseline says who may reach them, since there were other sources.
func (w *wiring) wakeProtected(since time.Time) {
	ctx := context.Background()
	refs := map[workload.Ref]struct{}{}
	homes := map[string]home{}
	for _, kind := range workload.Kinds() {
		if !w.options.Watches.Readable(kind.GroupKind()) {
			continue
		}
		found, err := facts.List(ctx, w.targets.facts.Cache, kind)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot judge again who may be reached", "kind", kind.Kind)
		}
		for i := range found {
			one := &found[i]
			in, known := homes[one.Namespace]
			if !known {
				in.Namespace, in.err = w.targets.facts.Namespace(ctx, one.Namespace)
				homes[one.Namespace] = in
			}
			if w.protects(one, in) && w.targets.facts.Stands(ctx, one) {
				refs[queueKey(*one)] = struct{}{}
			}
		}
	}
	keys := slices.Collect(maps.Keys(refs))
	w.targets.arrivals.arrived(keys, since)
	w.targetInbox.add(priorityqueue.AddOpts{}, keys...)
}

// home is the namespace of workloads, as far as it could be read.
type home struct {
	baseline.Namespace
	err error
}

// protects says whether a baseline says who may reach a workload.
func (w *wiring) protects(one *workload.Workload, in home) bool {
	if in.err != nil {
		return true // it is looked at once more than needed
	}
	pod := facts.PodOf(one, in.Labels)
	for _, b := range w.targets.baselines.current.Load().All() {
		if b.Protects(&pod) {
			return true
		}
	}
	return false
}

// namespaceTold takes down the labels of a namespace, and says whether sources of traffic look different now.
func (w *wiring) namespaceTold(c change) bool {
	if c.after == nil {
		w.targets.facts.Sources.Forget(c.before.GetName())
		w.targets.hints.forget(namespaceRef(c.before.GetName()))
		return false
	}
	return w.targets.facts.Sources.Relabel(c.after.GetName(), c.after.GetLabels())
}

// namespaceRelabelled returns all that the labels of a namespace decide: it, what is in it where a scope, a policy or
// `reachability` asks for them, also where it no longer does, and the workloads that those in it may reach.
func (w *wiring) namespaceRelabelled(ctx context.Context, c change, sources bool) []workload.Ref {
	t := newTouched()
	name := c.after.GetName()
	if c.before != nil {
		for _, ref := range w.leftOut(ctx, name, c.before.GetLabels(), c.after.GetLabels()) {
			t.refs[ref] = struct{}{}
		}
	}
	if w.targets.baselines.current.Load().Judges(workload.Namespaces) {
		t.refs[namespaceRef(name)] = struct{}{}
	}
	if w.asked(engine.NeedSources) {
		for _, ref := range w.targetsIn(ctx, name, w.standing(ctx)) {
			t.refs[ref] = struct{}{}
		}
		if sources {
			w.protected.ask()
		}
	}
	for _, b := range w.targets.baselines.current.Load().All() {
		if b.ReadsNamespaces() {
			t.whole[name] = true
			w.wakeOthers(ctx, t, workload.Roles|workload.Bindings|workload.Policies, name)
			break
		}
	}
	return w.wake(ctx, t)
}

// namespaceLeaves returns a namespace that was deleted, with all that is judged in it: nothing new is found there any more.
func (w *wiring) namespaceLeaves(ctx context.Context, name string) []workload.Ref {
	t := newTouched()
	t.refs[namespaceRef(name)] = struct{}{}
	t.whole[name] = true
	w.wakeOthers(ctx, t, workload.Roles|workload.Bindings|workload.Policies, name)
	return w.wake(ctx, t)
}

// engineChanged has judged again what policies of another engine may decide in a namespace; "" is every namespace.
func (w *wiring) engineChanged(namespace string) {
	if !w.asked(engine.NeedNoOtherPolicies) {
		return
	}
	ctx := context.Background()
	t := newTouched()
	for _, ref := range w.targetsIn(ctx, namespace, w.standing(ctx)) {
		t.refs[ref] = struct{}{}
	}
	if namespace != "" {
		t.refs[namespaceRef(namespace)] = struct{}{}
	} else {
		w.wakeOthers(ctx, t, workload.Namespaces, "")
	}
	w.targetInbox.add(priorityqueue.AddOpts{}, slices.Collect(maps.Keys(t.refs))...)
}
