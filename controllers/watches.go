package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/facts"
)

// Watches follows kinds of objects and knows which of them can be read. A kind that the operator may not list or
// watch does not hold up the others: it is said to be unreadable, until it can be read again.
type Watches struct {
	mu    sync.Mutex
	kinds map[string]*followed // by the name of the Go type, which is how client-go names what it watches

	// Recheck is how often a forbidden kind is asked for again; a fifth of it is how long a refusal is doubted first.
	// Default: 10 s.
	Recheck time.Duration

	expected int // kinds that are to be watched
	changes  *facts.Changes
	running  context.Context // ends with the operator, not with one watch
	cache    cache.Cache
	client   client.Client
	lost     func() // called after a kind became unreadable
	regained func() // called after it became readable again
}

// followed is a kind that is watched.
type followed struct {
	obj      client.Object
	gvk      schema.GroupVersionKind
	resource schema.GroupResource
	informer cache.Informer // nil while the API server does not serve the kind
	handlers []toolscache.ResourceEventHandler
	reason   string // why it cannot be read; empty when it can
	doubtful bool   // it was refused once, which is being looked into
}

// NewWatches returns Watches that follow nothing yet. Its OnError must be the cache's DefaultWatchErrorHandler.
func NewWatches() *Watches {
	return &Watches{kinds: map[string]*followed{}, Recheck: 10 * time.Second, changes: facts.NewChanges(), lost: func() {}, regained: func() {}}
}

// OnError is told of every list or watch that failed. It takes note of those that are forbidden; all others pass, and
// client-go tries again.
func (w *Watches) OnError(ctx context.Context, reflector *toolscache.Reflector, err error) {
	toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
	if !apierrors.IsForbidden(err) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	kind := w.kinds[reflector.TypeDescription()]
	if kind != nil && !kind.doubtful {
		kind.doubtful = true
		go w.lookInto(w.running, kind) //nolint:contextcheck // this outlives the watch that failed
	}
}

// lookInto finds out whether a kind that was refused really may not be read, and then waits until it may. An API server
// that has just started refuses everything for a moment.
func (w *Watches) lookInto(ctx context.Context, kind *followed) {
	if w.refused(ctx, kind) {
		w.mu.Lock()
		kind.reason = fmt.Sprintf("the operator may not list and watch %s: grant it both verbs", kind.resource)
		w.mu.Unlock()
		w.lost()
		w.untilAllowed(ctx, kind)
	}
	w.mu.Lock()
	kind.doubtful = false
	w.mu.Unlock()
}

// refused asks, after a moment, until there is an answer. Where there is none, the refusal stands.
func (w *Watches) refused(ctx context.Context, kind *followed) bool {
	refused := true
	err := wait.PollUntilContextTimeout(ctx, w.Recheck/5, 2*w.Recheck, false, func(ctx context.Context) (bool, error) {
		allowed, err := w.allowed(ctx, kind)
		refused = !allowed || err != nil
		return err == nil, nil
	})
	return refused && (err == nil || ctx.Err() == nil)
}

// +kubebuilder:rbac:groups=authorization.k8s.io,resources=selfsubjectaccessreviews,verbs=create

// untilAllowed asks whether a forbidden kind may be read again. client-go takes a watch up by itself when it may; that
// is only not told to anybody.
func (w *Watches) untilAllowed(ctx context.Context, kind *followed) {
	err := wait.PollUntilContextCancel(ctx, w.Recheck, false, func(ctx context.Context) (bool, error) {
		if allowed, err := w.allowed(ctx, kind); err != nil || !allowed {
			return false, nil //nolint:nilerr // it is logged, and asked again
		}
		if err := w.renew(ctx, kind); err != nil {
			log.FromContext(ctx).Error(err, "cannot watch a kind that may be read again", "resource", kind.resource.String())
			return false, nil
		}
		return true, nil
	})
	if err != nil { // the operator stops
		return
	}
	w.regained()
}

// renew makes a kind readable again, and returns when it is. The informer of a kind that could never be read is
// replaced: by now it waits up to a minute before it asks again.
func (w *Watches) renew(ctx context.Context, kind *followed) error {
	if !kind.informer.HasSynced() {
		if err := w.replaceInformer(ctx, kind); err != nil {
			return err
		}
	}
	toolscache.WaitForCacheSync(ctx.Done(), kind.informer.HasSynced)
	w.mu.Lock()
	defer w.mu.Unlock()
	kind.reason = ""
	return ctx.Err()
}

func (w *Watches) replaceInformer(ctx context.Context, kind *followed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.cache.RemoveInformer(ctx, kind.obj); err != nil {
		return err
	}
	informer, err := w.inform(ctx, kind.obj, kind.gvk)
	if err != nil {
		return err
	}
	kind.informer = informer
	return kind.handle()
}

// handle gives a new informer the handlers of the kind.
func (k *followed) handle() error {
	for _, handler := range k.handlers {
		if _, err := k.informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	return nil
}

// inform returns the informer of a kind, with its index.
func (w *Watches) inform(ctx context.Context, obj client.Object, gvk schema.GroupVersionKind) (cache.Informer, error) {
	informer, err := w.cache.GetInformer(ctx, obj, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", gvk.Kind, err)
	}
	for field, index := range facts.IndexesOf(gvk.GroupKind()) {
		if err := w.cache.IndexField(ctx, obj, field, index); err != nil {
			return nil, fmt.Errorf("index %s: %w", gvk.Kind, err)
		}
	}
	return informer, nil
}

// allowed asks whether the operator may list and watch a kind.
func (w *Watches) allowed(ctx context.Context, kind *followed) (bool, error) {
	for _, verb := range []string{"list", "watch"} {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Group: kind.resource.Group, Resource: kind.resource.Resource, Verb: verb},
		}}
		if err := w.client.Create(ctx, review, client.DisableReadYourWritesConsistency); err != nil {
			log.FromContext(ctx).Error(err, "cannot ask whether a kind may be read", "verb", verb, "resource", kind.resource.String())
			return false, err
		}
		if !review.Status.Allowed {
			return false, nil
		}
	}
	return true, nil
}

// Readable says whether the cache holds the objects of a kind. It does from the first complete list on; that the
// operator may no longer watch the kind makes what it holds old, not wrong.
func (w *Watches) Readable(gk schema.GroupKind) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, kind := range w.kinds {
		if kind.gvk.GroupKind() == gk {
			return kind.informer != nil && kind.informer.HasSynced()
		}
	}
	return false
}

// Unreadable names the kinds that cannot be read, in order, with the reason.
func (w *Watches) Unreadable() []UnreadableKind {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kinds []UnreadableKind
	for _, kind := range w.kinds {
		if kind.reason != "" {
			kinds = append(kinds, UnreadableKind{Kind: kind.gvk.Kind, Reason: kind.reason})
		}
	}
	slices.SortFunc(kinds, func(a, b UnreadableKind) int { return strings.Compare(a.Kind, b.Kind) })
	return kinds
}

// UnreadableKind is a kind that cannot be read.
type UnreadableKind struct{ Kind, Reason string }

// Synced returns an error while a kind is neither read nor known to be unreadable. It is the readiness check.
func (w *Watches) Synced() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.kinds) == 0 || len(w.kinds) < w.expected {
		return fmt.Errorf("%d of %d kinds are watched", len(w.kinds), w.expected)
	}
	for _, kind := range w.kinds {
		if kind.informer == nil || kind.informer.HasSynced() {
			continue
		}
		if ours := kind.gvk.Group == v1alpha1.GroupVersion.Group; ours || kind.reason == "" {
			return fmt.Errorf("%s is not read yet", kind.resource)
		}
	}
	return nil
}

// warmUp follows kinds before anybody is elected, so that the caches of a replica that waits are full. Nothing is put
// into a queue that nobody empties.
func (w *Watches) warmUp(kinds []client.Object) manager.Runnable {
	return warmer(func(ctx context.Context) error {
		for _, obj := range kinds {
			if _, err := w.follow(ctx, obj); err != nil {
				return err
			}
		}
		return nil
	})
}

// warmer runs on every replica.
type warmer func(context.Context) error

// Start implements manager.Runnable.
func (f warmer) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (warmer) NeedLeaderElection() bool { return false }

// lifetime ends with the operator.
func (w *Watches) lifetime() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running
}

// follow registers a kind.
func (w *Watches) follow(ctx context.Context, obj client.Object) (*followed, error) {
	gvk, err := apiutil.GVKForObject(obj, w.client.Scheme())
	if err != nil {
		return nil, err
	}
	mapping, err := w.client.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) && isGuardrail(obj) {
		return w.followLater(ctx, obj, gvk)
	}
	if err != nil {
		return nil, fmt.Errorf("the cluster does not know %s: install the CustomResourceDefinitions of config/crd first: %w", gvk.Kind, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = ctx
	name := fmt.Sprintf("%T", obj)
	if w.kinds[name] != nil {
		return w.kinds[name], nil
	}
	// Not before the cache has started: a manager waits for every informer that was there before it, also for those
	// that will never be allowed to read.
	informer, err := w.inform(ctx, obj, gvk)
	if err != nil {
		return nil, err
	}
	w.kinds[name] = &followed{obj: obj, gvk: gvk, resource: mapping.Resource.GroupResource(), informer: informer}
	return w.kinds[name], nil
}
