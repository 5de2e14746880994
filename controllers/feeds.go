package controllers

import (
	"context"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// targetFeeds are the sources of targets to judge: all that, when it changes, can change a report.
func (w *wiring) targetFeeds() []*feed[workload.Ref] {
	watches := w.options.Watches
	feeds := []*feed[workload.Ref]{
		{watches: watches, obj: &v1alpha1.DriftReport{}, required: true, keys: w.reportChanged},
		{watches: watches, obj: &v1alpha1.SecurityBaseline{}, required: true, keys: nothing[workload.Ref]},
		{watches: watches, obj: &corev1.Namespace{}, keys: w.orNamed(w.orDeclaredIn(w.namespaceChanged))},
		{watches: watches, obj: &corev1.ServiceAccount{}, keys: w.orNamed(w.serviceAccountChanged)},
		{watches: watches, obj: &rbacv1.Role{}, keys: w.orNamed(w.roleChanged)},
		{watches: watches, obj: &rbacv1.ClusterRole{}, keys: w.orNamed(w.roleChanged)},
		{watches: watches, obj: &rbacv1.RoleBinding{}, keys: w.orNamed(w.bindingChanged)},
		{watches: watches, obj: &rbacv1.ClusterRoleBinding{}, keys: w.orNamed(w.bindingChanged)},
		{watches: watches, obj: &networkingv1.NetworkPolicy{}, keys: w.orNamed(w.policyChanged)},
	}
	for _, obj := range facts.KindsOf(workload.Guardrails) {
		feeds = append(feeds, &feed[workload.Ref]{watches: watches, obj: obj, keys: w.orNamed(w.guardrailChanged)})
	}
	for _, kind := range workload.Kinds() {
		if obj, ok := kind.New().(client.Object); ok {
			feeds = append(feeds, &feed[workload.Ref]{watches: watches, obj: obj, keys: w.workloadChanged})
		}
	}
	return feeds
}

// nothing is for kinds that are only waited for: no target is judged before the baselines are known, and no pass over
// a scope begins before what is in it.
func nothing[key comparable](context.Context, change) []key { return nil }

// workloadChanged returns the targets of a workload, before and after, unless nothing that is judged has changed.
func (w *wiring) workloadChanged(ctx context.Context, c change) []workload.Ref {
	before, after := workloadOf(c.before), workloadOf(c.after)
	above := w.runBelow(ctx, c, before, after)
	if before != nil && after != nil && sameToJudge(*before, *after) {
		w.targets.changes.Take(after.Meta.UID)
		return above
	}
	sources := w.knowSource(ctx, before, after)
	refs := map[workload.Ref]struct{}{}
	for _, one := range []*workload.Workload{before, after} {
		if one == nil {
			continue
		}
		refs[queueKey(*one)] = struct{}{}
		if w.targets.facts.Declares(one.Ref) != nil { // it is held against that itself, whoever stands for it
			refs[one.Ref] = struct{}{}
		}
	}
	keys := slices.Collect(maps.Keys(refs))
	if c.initial {
		return keys
	}
	w.targets.arrivals.arrived(keys, w.options.Clock.Now())
	return slices.Concat(keys, above, w.beside(ctx, before, after, sources))
}

// workloadOf returns the workload that an object is; nil when there is none.
func workloadOf(obj client.Object) *workload.Workload {
	if obj == nil {
		return nil
	}
	if w, is := workload.Of(obj); is {
		return &w
	}
	return nil
}

// queueKey is the target of a workload, or the workload itself when it names a watched controller: only its own
// reconcile can tell whether that controller really is there.
func queueKey(w workload.Workload) workload.Ref {
	return w.Target()
}

func sameToJudge(a, b workload.Workload) bool {
	return a.Meta.UID == b.Meta.UID && a.Idle() == b.Idle() && (a.Finished == b.Finished || workload.Trimmed(b)) &&
		equality.Semantic.DeepEqual(a.Meta.Labels, b.Meta.Labels) &&
		equality.Semantic.DeepEqual(a.Meta.OwnerReferences, b.Meta.OwnerReferences) &&
		equality.Semantic.DeepEqual(a.PodMeta.Annotations, b.PodMeta.Annotations) &&
		equality.Semantic.DeepEqual(a.PodMeta.Labels, b.PodMeta.Labels) &&
		samePods(a, b)
}

// samePods compares what is judged of the pods. Of what a watched controller made the cache keeps nothing to compare:
// there the generation tells, or, where Kubernetes counts none for pods (before 1.33), any change.
func samePods(a, b workload.Workload) bool {
	if !workload.Trimmed(b) {
		return equality.Semantic.DeepEqual(a.Pod, b.Pod)
	}
	if b.Meta.Generation == 0 {
		return a.Meta.ResourceVersion == b.Meta.ResourceVersion
	}
	return a.Meta.Generation == b.Meta.Generation
}

// namespaceChanged returns what the labels of a namespace decide, when they changed, and the namespace itself when it came.
// Before the first look there are no baselines yet, and everything is to be judged anyway.
func (w *wiring) namespaceChanged(ctx context.Context, c change) []workload.Ref {
	sources := w.namespaceTold(c)
	if c.before != nil && c.after != nil && c.before.GetDeletionTimestamp() == nil && c.after.GetDeletionTimestamp() != nil {
		return slices.Concat(w.namespaceRelabelled(ctx, c, sources), w.namespaceLeaves(ctx, c.after.GetName()))
	}
	if c.initial || c.after == nil || (c.before != nil && maps.Equal(c.before.GetLabels(), c.after.GetLabels())) {
		return nil
	}
	return w.namespaceRelabelled(ctx, c, sources)
}

// targetsIn returns the targets of those workloads in a namespace that are chosen.
func (w *wiring) targetsIn(ctx context.Context, namespace string, chosen func(workload.Workload) bool) []workload.Ref {
	var keys []workload.Ref
	for _, kind := range workload.Kinds() {
		if !w.options.Watches.Readable(kind.GroupKind()) {
			continue
		}
		workloads, err := facts.List(ctx, w.targets.facts.Cache, kind, client.InNamespace(namespace))
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot judge a namespace again", "namespace", namespace)
		}
		for _, one := range workloads {
			if chosen(one) {
				keys = append(keys, queueKey(one))
			}
		}
	}
	w.targets.arrivals.arrived(keys, w.options.Clock.Now())
	return keys
}

// strayReport stands in a queue's key for a report that bears another name than its target's. No kind is called so.
const strayReport = "stray DriftReport"

// reportChanged returns the target of a report, so that one that was made for a target that is gone, or that somebody
// deleted or changed, is put right. A report that went makes room for others.
func (w *wiring) reportChanged(_ context.Context, c change) []workload.Ref {
	ceiling := w.targets.ceiling
	obj := c.after
	if obj == nil {
		obj = c.before
	}
	r, ok := obj.(*v1alpha1.DriftReport)
	if !ok {
		return nil
	}
	keys := []workload.Ref{report.RefOf(r.Spec.Target)}
	at := client.ObjectKeyFromObject(r)
	if at != report.Key(keys[0], w.options.Namespace) && at != report.HomelessKey(keys[0], w.options.Namespace) {
		keys[0] = workload.Ref{Kind: strayReport, Namespace: r.Namespace, Name: r.Name}
	}
	before, _ := c.before.(*v1alpha1.DriftReport)
	switch {
	case before == nil:
		ceiling.seen(r)
	case c.after == nil:
		keys = append(keys, w.targets.ledger.unreported(ceiling.gone(r))...)
	case weight(r) > weight(before):
		keys = append(keys, w.targets.ledger.unreported(1)...) // it may take the place of this one now
	}
	return keys
}

// baselineFeeds are the source of baselines that changed, and all that must be known before a pass over their scope
// begins.
func (w *wiring) baselineFeeds() []*feed[reconcile.Request] {
	watches := w.options.Watches
	feeds := []*feed[reconcile.Request]{
		{watches: watches, obj: &v1alpha1.SecurityBaseline{}, required: true, keys: w.baselineChanged},
		{watches: watches, obj: &corev1.Namespace{}, keys: nothing[reconcile.Request]},
		{watches: watches, obj: &corev1.ServiceAccount{}, keys: nothing[reconcile.Request]},
		{watches: watches, obj: &networkingv1.NetworkPolicy{}, keys: nothing[reconcile.Request]},
	}
	for _, obj := range facts.KindsOf(workload.Roles | workload.Bindings | workload.Guardrails) {
		feeds = append(feeds, &feed[reconcile.Request]{watches: watches, obj: obj, keys: nothing[reconcile.Request]})
	}
	for _, kind := range workload.Kinds() {
		if obj, ok := kind.New().(client.Object); ok {
			feeds = append(feeds, &feed[reconcile.Request]{watches: watches, obj: obj, keys: nothing[reconcile.Request]})
		}
	}
	return feeds
}

func (w *wiring) baselineChanged(ctx context.Context, c change) []reconcile.Request {
	w.baselineSpecChanged(ctx, c)
	if c.after == nil {
		return []reconcile.Request{requestFor(c.before.GetName())}
	}
	return []reconcile.Request{requestFor(c.after.GetName())}
}

func requestFor(baseline string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: baseline}}
}

func (w *wiring) wakeBaselines(after time.Duration, names ...string) {
	var requests []reconcile.Request
	for _, name := range names {
		requests = append(requests, requestFor(name))
	}
	w.baselineInbox.add(priorityqueue.AddOpts{After: after}, requests...)
}

// wakeAllBaselines is called when a kind becomes readable or unreadable.
func (w *wiring) wakeAllBaselines() {
	for _, b := range w.targets.baselines.current.Load().All() {
		w.wakeBaselines(0, b.Name)
	}
}
