package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/workload"
)

// baselineReconciler compiles baselines, has their scope judged again when they change, and keeps their status.
type baselineReconciler struct {
	client    client.Client // reads SecurityBaselines, with its own writes, and writes their status
	facts     *facts.Cluster
	baselines *snapshot
	ledger    *ledger
	watches   *Watches
	announcer *announcer
	clock     clock.PassiveClock
	alarms    *alarms[string]
	told      toldOnce
	foreign   *foreign
	rescan    func(refs ...workload.Ref)

	mu     sync.Mutex
	passed map[string]*baseline.Baseline // of which a pass was begun, by name
}

// +kubebuilder:rbac:groups=plumbline.dev,resources=securitybaselines,verbs=get;list;watch
// +kubebuilder:rbac:groups=plumbline.dev,resources=securitybaselines/status,verbs=patch

// Reconcile brings the snapshot, the passes and the status of a baseline up to date.
func (r *baselineReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	set, err := r.baselines.refresh(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	r.foreign.follow(r.watches.lifetime(), set) //nolint:contextcheck // this outlives the reconcile
	if err := r.pass(ctx, set); err != nil {
		return reconcile.Result{}, err
	}
	sb := &v1alpha1.SecurityBaseline{}
	switch err := r.client.Get(ctx, request.NamespacedName, sb); {
	case apierrors.IsNotFound(err):
		r.alarms.at(request.Name, time.Time{})
		delete(r.told, request.Name)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, err
	}
	b := set.Get(sb.Name)
	if b == nil || b.UID != sb.UID || b.Generation != sb.Generation {
		// The list is a moment behind; the event that brings it up to date brings the baseline here again.
		return reconcile.Result{}, nil
	}
	r.alarms.at(b.Name, b.Turns(r.clock.Now()))
	return reconcile.Result{}, r.updateStatus(ctx, sb, b)
}

// pass begins a pass over the targets of every baseline that changed, and of every one that is gone.
func (r *baselineReconciler) pass(ctx context.Context, set *baseline.Set) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range set.All() {
		if r.passed[b.Name] == b {
			continue
		}
		refs, err := r.scope(ctx, append(r.baselines.formerly(b.Name), b)...)
		if err != nil {
			return err
		}
		r.ledger.begin(b, refs)
		r.baselines.passed(b.Name)
		r.passed[b.Name] = b
		r.rescan(refs...)
	}
	for _, name := range r.baselines.gone(set) {
		refs, err := r.scope(ctx, r.baselines.formerly(name)...)
		if err != nil {
			return err
		}
		r.ledger.drop(name)
		r.baselines.passed(name)
		delete(r.passed, name)
		r.rescan(refs...)
	}
	return nil
}

// passAgain has every baseline judge its scope once more, as after a start.
func (r *baselineReconciler) passAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.passed)
}

// updateStatus writes the status of a baseline, if it is not so already.
func (r *baselineReconciler) updateStatus(ctx context.Context, sb *v1alpha1.SecurityBaseline, b *baseline.Baseline) error {
	left, begun := r.ledger.remaining(b)
	if !begun {
		return nil
	}
	next := sb.DeepCopy()
	view := statusView{baseline: b, left: left, tally: r.ledger.tally(b.Name), unreadable: r.unreadable(b), now: r.clock.Now()}
	if !view.apply(&next.Status) || equality.Semantic.DeepEqual(sb.Status, next.Status) {
		return nil
	}
	if err := r.client.Status().Patch(ctx, next, client.MergeFrom(sb)); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("update the status of SecurityBaseline %s: %w", types.NamespacedName{Name: sb.Name}, err)
	}
	r.announce(sb, next)
	return nil
}

// unreadable names the kinds that the baseline needs and that cannot be read.
func (r *baselineReconciler) unreadable(b *baseline.Baseline) []UnreadableKind {
	var kinds []UnreadableKind
	for _, kind := range r.watches.Unreadable() {
		if reads(b, kind.Kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// readFor are the facts for which objects of a class are read.
var readFor = map[workload.Class][]engine.Need{
	workload.Pods:       {engine.NeedSources, engine.NeedWorkloads},
	workload.Roles:      {engine.NeedRBAC},
	workload.Bindings:   {engine.NeedRBAC},
	workload.Subjects:   {engine.NeedServiceAccount, engine.NeedServiceAccounts},
	workload.Policies:   {engine.NeedNetwork},
	workload.Namespaces: {engine.NeedSources, engine.NeedNamespace},
}

// reads says whether a baseline cannot do without the objects of a kind.
func reads(b *baseline.Baseline, kind string) bool {
	class := workload.ClassNamed(kind)
	return b.Names(kind) || slices.ContainsFunc(readFor[class], b.Needs) ||
		(class == workload.Namespaces && b.ReadsNamespaces()) || (b.Judges(class) && b.Watches(kind))
}

// announce sends the Events of what has become of a baseline, after its status says so.
func (r *baselineReconciler) announce(before, after *v1alpha1.SecurityBaseline) {
	tell := func(condition, event string) {
		was, is := conditionOf(before, condition), conditionOf(after, condition)
		if is.Status == metav1.ConditionFalse && (was.Status != is.Status || was.Message != is.Message) {
			r.announcer.baseline(after, event, is.Message)
		}
	}
	tell(v1alpha1.ConditionReady, v1alpha1.EventInvalidBaseline)
	if conditionOf(after, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonEvaluated {
		tell(v1alpha1.ConditionEvaluationComplete, v1alpha1.EventEvaluationIncomplete)
	}
	for _, is := range after.Status.Exceptions {
		was := exceptionOf(before.Status.Exceptions, is.Name)
		if event := eventFor(was, is); event != "" && r.told.first(after, event, is) {
			r.announcer.baseline(after, event, noteOf(after, is))
		}
	}
}
