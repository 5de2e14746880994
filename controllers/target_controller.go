package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/attribution"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// targetReconciler judges one target at a time and keeps its report. It is the only one that writes reports.
type targetReconciler struct {
	namespace string        // the operator's own
	client    client.Client // reads DriftReports, with its own writes, and writes them
	facts     *facts.Cluster
	baselines *snapshot
	ledger    *ledger
	arrivals  *arrivals
	metrics   *metrics
	changes   *facts.Changes
	announcer *announcer
	clock     clock.PassiveClock
	alarms    *alarms[workload.Ref]
	ceiling   *ceiling
	orphans   *orphans
	hints     *hints
	settling  *settling
	unread    *unread
	holdings  *holdings
	managers  attribution.Managers
}

// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets;replicasets,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=pods;replicationcontrollers;namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=get;list;watch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=roles;clusterroles;rolebindings;clusterrolebindings,verbs=get;list;watch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings;validatingwebhookconfigurations,verbs=get;list;watch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=mutatingadmissionpolicies;mutatingadmissionpolicybindings;mutatingwebhookconfigurations,verbs=get;list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=batch,resources=jobs;cronjobs,verbs=get;list;watch
// +kubebuilder:rbac:groups=plumbline.dev,resources=driftreports,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile judges a target: read, judge, report, publish.
func (r *targetReconciler) Reconcile(ctx context.Context, ref workload.Ref) (reconcile.Result, error) {
	since, live := r.arrivals.take(ref)
	r.hints.begin(ref)
	result, wrote, err := r.reconcile(ctx, ref)
	r.hints.end(ref, err)
	if err != nil {
		if live {
			r.arrivals.arrived([]workload.Ref{ref}, since)
		}
		r.ledger.fail(ref, r.baselines.current.Load(), causeOf(err))
		return result, err
	}
	if wrote && live {
		r.metrics.detection.Observe(r.clock.Since(since).Seconds())
	}
	return result, nil
}

// causeOf names an error in words that are the same at the next try: what is in a status must not change with every one.
func causeOf(err error) string {
	if reason := apierrors.ReasonForError(err); reason != metav1.StatusReasonUnknown {
		return "it cannot be read or its DriftReport not be written: " + string(reason)
	}
	return "it cannot be read or its DriftReport not be written: see the operator's log"
}

func (r *targetReconciler) reconcile(ctx context.Context, ref workload.Ref) (reconcile.Result, bool, error) {
	if ref.Kind == strayReport {
		return reconcile.Result{}, false, r.removeStray(ctx, ref)
	}
	set, err := r.baselines.get(ctx)
	if err != nil {
		return reconcile.Result{}, false, err
	}
	target, last, state, err := r.read(ctx, ref)
	if err != nil {
		return reconcile.Result{}, false, err
	}
	wait := r.orphans.wait(ref, target != nil && target.Unsettled, r.clock.Now())
	switch {
	case state == facts.Unreadable:
		return r.unreadable(ctx, ref, set)
	case state == facts.Behind:
		r.ledger.skip(ref, set)
		return reconcile.Result{RequeueAfter: orphanAge}, false, nil
	case target == nil:
		r.ledger.forget(ref, set)
		r.alarms.at(ref, time.Time{})
		r.settling.forget(ref)
		r.unread.forget(ref)
		r.holdings.forget(ref)
		return reconcile.Result{}, false, nil
	}
	return r.judgeInTime(ctx, ref, set, target, last, wait)
}

// judgeInTime judges a target, unless it is about to go or to change. wait is how long what may be so for a moment only must last
// yet.
func (r *targetReconciler) judgeInTime(
	ctx context.Context, ref workload.Ref, set *baseline.Set, target *facts.Target, last *v1alpha1.DriftReport, wait time.Duration,
) (reconcile.Result, bool, error) {
	switch {
	case target.Object.Namespace.Terminating && last == nil:
		// What is in it goes one by one, policies before what they isolate: nothing new is said of that, and no report can be made.
		r.ledger.forget(ref, set)
		return reconcile.Result{}, false, nil
	case target.Object.Namespace.Terminating: // what is known stays, until the report goes too
		r.ledger.skip(ref, set)
		return reconcile.Result{}, false, nil
	case wait > 0 && last == nil && target.Object.Passing == "":
		r.ledger.skip(ref, set)
		return reconcile.Result{RequeueAfter: wait}, false, nil
	}
	return r.judgeSettled(ctx, ref, set, target, last, wait)
}

// read returns the target, if there is one, and its report, if it has one. A report that speaks of an object that is
// gone, or that another of the same name has replaced, is removed.
func (r *targetReconciler) read(ctx context.Context, ref workload.Ref) (*facts.Target, *v1alpha1.DriftReport, facts.State, error) {
	target, state, err := r.facts.Target(ctx, ref)
	if err != nil || state == facts.Unreadable {
		return nil, nil, state, err
	}
	last, err := r.lastReport(ctx, ref)
	if err != nil {
		return nil, nil, state, err
	}
	if target == nil {
		if target, state, err = r.declared(ctx, ref, state, last); err != nil || state == facts.Behind {
			return nil, nil, state, err
		}
	}
	if last != nil && (target == nil || !speaksOf(last, target)) {
		return target, nil, state, r.remove(ctx, last)
	}
	if last != nil {
		last, err = r.atHome(ctx, last, target)
	}
	return target, last, state, err
}

// unreadable keeps what is known of a target; the baselines say that its kind cannot be read. Only a waiver ends all the
// same.
func (r *targetReconciler) unreadable(ctx context.Context, ref workload.Ref, set *baseline.Set) (reconcile.Result, bool, error) {
	last, err := r.lastReport(ctx, ref)
	if err != nil {
		return reconcile.Result{}, false, err
	}
	if last == nil || last.Status.Summary.Waived == 0 {
		r.ledger.skip(ref, set)
		return reconcile.Result{}, false, nil
	}
	now := r.clock.Now()
	verdict := judgement.JudgeUnreadable(set, ref, last, "its kind cannot be read", now)
	return r.settle(ctx, ref, set, last, verdict, report.Build(report.Input{
		Target: last.Spec.Target, Generation: last.Status.TargetGeneration, Last: last, Verdict: verdict, Now: now,
	}))
}

func (r *targetReconciler) judge(ctx context.Context, ref workload.Ref, set *baseline.Set, target *facts.Target, last *v1alpha1.DriftReport) (reconcile.Result, bool, error) {
	arrived, now := r.changes.Take(target.Reference.UID), r.clock.Now()
	target.Object.Target = ref
	verdict := judgement.Judge(set, &target.Object, last, now)
	r.metrics.evaluations.Inc()
	held := holding{digestOf(target, set), verdict.Covering}
	outcome := report.Build(report.Input{
		Target: target.Reference, Generation: target.Generation, Operator: r.namespace, Homeless: target.Homeless,
		Last: last, Verdict: verdict, Granted: r.granted(ctx, ref, set, held.digest), Now: now,
	})
	r.hints.of(ref).explain(&outcome, ref, r.baselines.checks)
	r.attributeOrRetry(ctx, target, arrived, verdict.Pods, &outcome, last)
	if len(ref.Name) > maxTargetName {
		return r.unreportable(ref, set, verdict)
	}
	result, wrote, err := r.settle(ctx, ref, set, last, verdict, outcome)
	if err != nil {
		return result, wrote, err
	}
	if last == nil && outcome.Report != nil && !wrote { // once there is room for its report, nothing in that is new
		held.under = nil
	}
	r.holdings.judged(ref, held)
	if target.Unnamed && outcome.Report == nil {
		r.ledger.forget(ref, set)
		r.holdings.forget(ref)
	}
	return result, wrote, nil
}

// maxTargetName is how long the name of a target may be in a report. Those of users and groups, which anybody who may bind
// roles makes up, may be longer.
const maxTargetName = 1024

// unreportable takes down that what was found on a target can be in no report.
func (r *targetReconciler) unreportable(ref workload.Ref, set *baseline.Set, verdict judgement.Verdict) (reconcile.Result, bool, error) {
	if len(verdict.Findings) > 0 {
		for _, b := range verdict.Covering {
			verdict.NotEvaluated = append(verdict.NotEvaluated, engine.NotEvaluated{
				Baseline: b.Name, Reason: fmt.Sprintf("a %s has drifted whose name of %d bytes no report can hold", ref.Kind, len(ref.Name)),
			})
		}
	}
	r.ledger.record(ref, set, entryOf(verdict, true))
	return reconcile.Result{}, false, nil
}

// settle publishes an outcome, and takes it down.
func (r *targetReconciler) settle(
	ctx context.Context, ref workload.Ref, set *baseline.Set, last *v1alpha1.DriftReport, verdict judgement.Verdict, outcome report.Outcome,
) (reconcile.Result, bool, error) {
	wrote, unreported, err := r.publish(ctx, last, outcome)
	if errors.Is(err, errTerminating) && r.facts.Declares(ref) == nil { // what is declared is missing, wherever that can be said
		r.ledger.forget(ref, set)
		return reconcile.Result{}, false, nil
	}
	if err != nil && !errors.Is(err, errTerminating) {
		r.ledger.record(ref, set, entryOf(verdict, false)) // what was found counts, though its report is missing
		return reconcile.Result{}, false, err
	}
	if wrote {
		r.announcer.drift(last, outcome, set)
		r.metrics.lived(outcome, r.clock.Now())
	}
	e := entryOf(verdict, unreported)
	e.oldest = oldestOf(outcome.Report)
	r.ledger.record(ref, set, e)
	r.alarms.at(ref, outcome.Turns)
	return reconcile.Result{}, wrote, nil
}

// errTerminating says that a report could not be made because its target goes with its namespace.
var errTerminating = errors.New("the namespace is being deleted")

// lastReport returns the report that the target has, or nil.
func (r *targetReconciler) lastReport(ctx context.Context, ref workload.Ref) (*v1alpha1.DriftReport, error) {
	last, err := r.reportAt(ctx, report.Key(ref, r.namespace), ref)
	homeless := report.HomelessKey(ref, r.namespace)
	if err != nil || workload.Home(ref) == "" || homeless == report.Key(ref, r.namespace) {
		return last, err
	}
	other, err := r.reportAt(ctx, homeless, ref)
	if last == nil || other == nil || err != nil {
		return cmp.Or(last, other), err
	}
	return last, r.remove(ctx, other) // it was on its way from one namespace to the other
}

// reportAt returns the report of a target that is kept under a name, or nil.
func (r *targetReconciler) reportAt(ctx context.Context, key types.NamespacedName, ref workload.Ref) (*v1alpha1.DriftReport, error) {
	last := &v1alpha1.DriftReport{}
	if err := r.client.Get(ctx, key, last); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read the DriftReport of %s: %w", ref, err)
	}
	if of := report.RefOf(last.Spec.Target); of != ref {
		return nil, fmt.Errorf("the DriftReport %s speaks of %s, not of %s: delete it", key, of, ref)
	}
	return last, nil
}

// publish makes the report in the cluster what it should be, with at most one write. A new report beyond the ceiling
// is not written, unless it is worse than another.
func (r *targetReconciler) publish(ctx context.Context, last *v1alpha1.DriftReport, outcome report.Outcome) (wrote, unreported bool, err error) {
	next := outcome.Report
	switch {
	case next == nil && last == nil:
		return false, false, nil
	case next == nil:
		return true, false, r.remove(ctx, last)
	case last == nil || last.UID == "":
		return r.create(ctx, next)
	case equal(last, next):
		return false, false, nil
	}
	err = r.client.Update(ctx, next)
	r.metrics.wrote("update", err)
	if err != nil {
		return false, false, fmt.Errorf("update DriftReport %s: %w", client.ObjectKeyFromObject(next), err)
	}
	return true, false, nil
}

func (r *targetReconciler) create(ctx context.Context, next *v1alpha1.DriftReport) (wrote, unreported bool, err error) {
	room, err := r.ceiling.makeRoom(ctx, next, r.remove)
	if err != nil || !room {
		return false, !room, err
	}
	err = r.client.Create(ctx, next)
	if err != nil {
		r.ceiling.gone(next)
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return false, false, errTerminating
	}
	r.metrics.wrote("create", err)
	if err != nil {
		return false, false, fmt.Errorf("create DriftReport %s: %w", client.ObjectKeyFromObject(next), err)
	}
	return true, false, nil
}

// remove deletes the very report that was read, not a newer one of the same name.
func (r *targetReconciler) remove(ctx context.Context, last *v1alpha1.DriftReport) error {
	err := r.client.Delete(ctx, last, client.Preconditions{UID: &last.UID})
	if apierrors.IsNotFound(err) {
		return nil
	}
	r.metrics.wrote("delete", err)
	if err != nil {
		return fmt.Errorf("delete DriftReport %s: %w", client.ObjectKeyFromObject(last), err)
	}
	return nil
}

// removeStray deletes a report that is not kept under the name of its target: nobody would ever bring it up to date.
func (r *targetReconciler) removeStray(ctx context.Context, ref workload.Ref) error {
	stray := &v1alpha1.DriftReport{}
	if err := r.client.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, stray); err != nil {
		return client.IgnoreNotFound(err)
	}
	return r.remove(ctx, stray)
}

// equal says whether writing the report would change nothing.
func equal(last, next *v1alpha1.DriftReport) bool {
	return last == next || (equality.Semantic.DeepEqual(last.Status, next.Status) &&
		equality.Semantic.DeepEqual(last.Labels, next.Labels) &&
		equality.Semantic.DeepEqual(last.OwnerReferences, next.OwnerReferences))
}
