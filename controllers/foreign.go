package controllers

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/workload"
)

// +kubebuilder:rbac:groups=kyverno.io,resources=clusterpolicies;policies,verbs=get;list;watch
// +kubebuilder:rbac:groups=policies.kyverno.io,resources=validatingpolicies;mutatingpolicies;imagevalidatingpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=templates.gatekeeper.sh,resources=constrainttemplates,verbs=get;list;watch

// foreign wakes declared objects of kinds that are in no cache, such as the policies of Kyverno and Gatekeeper: they are watched
// by their metadata alone, once a baseline declares one.
type foreign struct {
	watches *Watches
	wake    func(workload.Ref)

	mu       sync.Mutex
	followed map[schema.GroupVersionKind]bool
}

// follow watches the kinds of what the baselines declare that nobody else watches. The context ends with the operator.
func (f *foreign) follow(ctx context.Context, set *baseline.Set) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range set.All() {
		for _, ref := range b.Declares() {
			kind := schema.FromAPIVersionAndKind(b.Pin(ref).APIVersion, ref.Kind)
			if _, watched := workload.ClassOf(ref.GroupKind()); watched || f.followed[kind] {
				continue
			}
			f.followed[kind] = true
			go f.untilWatched(ctx, kind)
		}
	}
}

// untilWatched tries until the kind is there and may be read.
func (f *foreign) untilWatched(ctx context.Context, kind schema.GroupVersionKind) {
	told := false
	_ = wait.PollUntilContextCancel(ctx, f.watches.Recheck, true, func(ctx context.Context) (bool, error) {
		err := f.watch(ctx, kind)
		if err != nil && !told {
			told = true
			log.FromContext(ctx).Info("a kind that is declared cannot be watched yet", "kind", kind.String(), "reason", err.Error())
		}
		return err == nil, nil
	})
}

func (f *foreign) watch(ctx context.Context, kind schema.GroupVersionKind) error {
	informer, _, err := f.watches.metadata(ctx, kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	put := func(obj any) {
		if object := objectOf(obj); object != nil {
			f.wake(workload.Ref{Group: kind.Group, Kind: kind.Kind, Namespace: object.GetNamespace(), Name: object.GetName()})
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: put, UpdateFunc: func(_, obj any) { put(obj) }, DeleteFunc: put,
	})
	return err
}

// wakeDeclared has an object judged again, if a baseline declares it.
func (w *wiring) wakeDeclared(ref workload.Ref) {
	if w.targets.facts.Declares(ref) != nil {
		w.targets.arrivals.arrived([]workload.Ref{ref}, w.options.Clock.Now())
		w.targetInbox.add(priorityqueue.AddOpts{}, ref)
	}
}
