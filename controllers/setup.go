// Package controllers watches the cluster, has it judged, and writes what was found.
//
// target_controller keeps the DriftReport of one object at a time, baseline_controller compiles SecurityBaselines and
// keeps their status. Both live from one cache; no check is known here, they are handed in.
package controllers

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"plumbline.dev/plumbline/internal/attribution"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// DefaultNamespace is the operator's own namespace when no other is set.
const DefaultNamespace = "plumbline-system"

// DefaultMaxReports is the ceiling of DriftReports in a cluster when no other is set.
const DefaultMaxReports = 5000

const (
	// workers judge side by side: a worker waits for the API server most of its time.
	workers = 4
	// settleTime is how long the status of a baseline waits for more changes, so that many make one write.
	settleTime = time.Second
	// reconcileTimeout ends a reconcile that hangs.
	reconcileTimeout = 2 * time.Minute
)

// Options say how the controllers work.
type Options struct {
	// Checks are all checks that there are.
	Checks []engine.Check
	// Watches must be those whose CacheOptions the manager was made with.
	Watches *Watches
	// Namespace is the operator's own: where its lease is, and the reports of targets that belong to no namespace.
	// Default: DefaultNamespace.
	Namespace string
	// Managers are the field managers of the cluster, besides those that everybody knows.
	Managers attribution.Managers
	// MaxReports is the ceiling of DriftReports in the cluster. Default: DefaultMaxReports.
	MaxReports int
	// Clock tells the time, and when it is time. Default: the real one.
	Clock clock.WithDelayedExecution
	// Metrics is where the metrics are registered. Default: the registry of controller-runtime.
	Metrics prometheus.Registerer
	// SkipNameValidation lets several managers run in one process, as tests do.
	SkipNameValidation bool
}

// CacheOptions are the options of the manager's cache: objects are trimmed to what is judged, and shared without
// copies, because nobody changes what he reads.
func (w *Watches) CacheOptions() cache.Options {
	shared := true
	byObject := map[client.Object]cache.ByObject{&corev1.ServiceAccount{}: {Transform: trimServiceAccount}}
	byObject[&networkingv1.NetworkPolicy{}] = cache.ByObject{Transform: w.trimNetworkPolicy}
	for _, obj := range facts.KindsOf(workload.Roles | workload.Bindings) {
		byObject[obj] = cache.ByObject{Transform: w.trimRBAC}
	}
	for _, kind := range workload.Kinds() {
		obj, ok := kind.New().(client.Object)
		if ok {
			byObject[obj] = cache.ByObject{Transform: w.trim}
		}
	}
	return cache.Options{
		ByObject:                     byObject,
		DefaultTransform:             w.trimOther,
		DefaultUnsafeDisableDeepCopy: &shared,
		DefaultWatchErrorHandler:     w.OnError,
	}
}

// trim keeps of an object what is judged. Who changed it waits until it is.
func (w *Watches) trim(obj any) (any, error) {
	object, ok := obj.(client.Object)
	if !ok {
		return obj, nil
	}
	// client-go may hand an object in twice: the second time it is trimmed already.
	if managed := object.GetManagedFields(); len(managed) > 0 && !owned(object) {
		w.changes.Put(object.GetUID(), managed)
	}
	workload.Trim(object)
	return obj, nil
}

// trimRBAC keeps of a role or a binding what is judged.
func (w *Watches) trimRBAC(obj any) (any, error) {
	object, ok := obj.(client.Object)
	if !ok {
		return obj, nil
	}
	if managed := object.GetManagedFields(); len(managed) > 0 {
		w.changes.Put(object.GetUID(), managed)
	}
	rbac.Trim(object)
	return obj, nil
}

// ClientOptions are the options of the manager's client: who reads a report that he wrote reads what he wrote.
func ClientOptions() client.Options {
	consistent := true
	return client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: &consistent}}
}

func owned(object client.Object) bool {
	_, owned := workload.Owner(object)
	return owned
}

// Setup adds the controllers to a manager.
func Setup(mgr manager.Manager, options Options) error {
	if options.Watches == nil {
		return errors.New("options must hold the Watches that the manager's cache was made with")
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Namespace == "" {
		options.Namespace = DefaultNamespace
	}
	if options.MaxReports <= 0 {
		options.MaxReports = DefaultMaxReports
	}
	if options.Metrics == nil {
		options.Metrics = crmetrics.Registry
	}
	return newWiring(mgr, options).add(mgr)
}

// wiring is the parts of the operator and what connects them.
type wiring struct {
	options   Options
	targets   *targetReconciler
	baselines *baselineReconciler
	engines   *engines
	weakened  *weakened
	protected *soon

	targetInbox   *inbox[workload.Ref]
	baselineInbox *inbox[reconcile.Request]
}

func newWiring(mgr manager.Manager, options Options) *wiring {
	watches := options.Watches
	watches.cache, watches.client = mgr.GetCache(), mgr.GetClient()
	cluster := &facts.Cluster{
		Cache: mgr.GetCache(), Live: mgr.GetAPIReader(), Readable: watches.Readable, Unserved: watches.Unserved, Sources: network.NewSources(),
	}
	metrics := newMetrics()
	snapshot := &snapshot{reader: mgr.GetCache(), checks: options.Checks}
	announcer := newAnnouncer(mgr.GetEventRecorder("plumbline"), metrics)
	ledger := newLedger()
	w := &wiring{options: options, targetInbox: &inbox[workload.Ref]{}, baselineInbox: &inbox[reconcile.Request]{}}
	cluster.Declares = func(ref workload.Ref) *pinned.Pin { return snapshot.current.Load().Declares(ref) }
	cluster.Needs = func(need engine.Need) bool { return snapshot.current.Load().Needs(need) }
	w.targets = &targetReconciler{
		namespace: options.Namespace, client: mgr.GetClient(), facts: cluster, baselines: snapshot, ledger: ledger,
		arrivals: newArrivals(), metrics: metrics, announcer: announcer, clock: options.Clock, changes: watches.changes,
		ceiling: newCeiling(options.MaxReports, mgr.GetCache()), orphans: newOrphans(), hints: newHints(), managers: options.Managers,
		settling: newSettling(), unread: newUnread(), holdings: newHoldings(),
	}
	w.baselines = &baselineReconciler{
		client: mgr.GetClient(), facts: cluster, baselines: snapshot, ledger: ledger, watches: watches,
		announcer: announcer, clock: options.Clock, passed: map[string]*baseline.Baseline{}, told: toldOnce{},
		rescan: func(refs ...workload.Ref) {
			low := handler.LowPriority
			w.targetInbox.add(priorityqueue.AddOpts{Priority: &low}, refs...)
		},
	}
	w.targets.alarms = newAlarms(options.Clock, func(ref workload.Ref) { w.targetInbox.add(priorityqueue.AddOpts{}, ref) })
	// The targets whose exceptions begin or end at the same moment are judged first.
	w.baselines.alarms = newAlarms(options.Clock, func(name string) { w.wakeBaselines(settleTime, name) })
	w.weakened = newWeakened()
	w.protected = &soon{clock: options.Clock, pause: protectedPause, do: w.wakeProtected}
	w.baselines.foreign = &foreign{watches: watches, wake: w.wakeDeclared, followed: map[schema.GroupVersionKind]bool{}}
	cluster.Weakened = w.weakened.of
	cluster.Server = newServerVersion(mgr, options.Clock).of
	w.engines = newEngines(watches)
	w.engines.changed = w.engineChanged
	cluster.OtherPolicies = w.engines.in
	announcer.busy = w.targetInbox.busy
	ledger.changed = func(names ...string) { w.wakeBaselines(settleTime, names...) }
	ledger.finished = func(names ...string) { w.wakeBaselines(0, names...) }
	watches.lost = w.wakeAllBaselines
	watches.regained = func() {
		cluster.RBACChanged()
		w.baselines.passAgain()
		w.wakeAllBaselines()
	}
	return w
}

// add registers both controllers and the metrics.
func (w *wiring) add(mgr manager.Manager) error {
	if err := w.targets.metrics.register(w.options.Metrics, w.targets.ledger, w.options.Watches); err != nil {
		return err
	}
	if err := mgr.Add(w.targets.announcer); err != nil {
		return err
	}
	targets := builder.TypedControllerManagedBy[workload.Ref](mgr).Named("target").
		WithOptions(controller.TypedOptions[workload.Ref]{
			MaxConcurrentReconciles: workers, ReconciliationTimeout: reconcileTimeout,
			SkipNameValidation: &w.options.SkipNameValidation,
		}).
		WatchesRawSource(w.targetInbox).
		WatchesRawSource(engineSource[workload.Ref]{w.engines})
	feeds := w.targetFeeds()
	w.options.Watches.expected = len(feeds)
	var kinds []client.Object
	for _, source := range feeds {
		kinds = append(kinds, source.obj)
		targets = targets.WatchesRawSource(source)
	}
	if err := targets.Complete(w.targets); err != nil {
		return err
	}
	if err := mgr.Add(w.options.Watches.warmUp(kinds)); err != nil {
		return err
	}
	baselines := builder.ControllerManagedBy(mgr).Named("securitybaseline").
		WithOptions(controller.Options{
			ReconciliationTimeout: reconcileTimeout,
			SkipNameValidation:    &w.options.SkipNameValidation,
		}).
		WatchesRawSource(w.baselineInbox).
		WatchesRawSource(engineSource[reconcile.Request]{w.engines})
	for _, source := range w.baselineFeeds() {
		baselines = baselines.WatchesRawSource(source)
	}
	return baselines.Complete(w.baselines)
}
