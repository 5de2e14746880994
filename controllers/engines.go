package controllers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/network"
)

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get;list;watch
// +kubebuilder:rbac:groups=cilium.io,resources=ciliumnetworkpolicies;ciliumclusterwidenetworkpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=crd.projectcalico.org;projectcalico.org,resources=networkpolicies;globalnetworkpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=policy.networking.k8s.io,resources=adminnetworkpolicies;baselineadminnetworkpolicies;clusternetworkpolicies,verbs=get;list;watch

// engines knows the policies of other engines than NetworkPolicies, where their CustomResourceDefinitions are. They are watched by
// their metadata alone: that there are any is enough to know that NetworkPolicies are not all.
type engines struct {
	watches *Watches
	changed func(namespace string) // called after what is known of a namespace changed; "" is every namespace

	mu       sync.Mutex
	started  bool
	synced   []func() bool                       // of all that is watched
	objects  map[string]map[otherPolicy]struct{} // by namespace
	least    map[string]string                   // of each namespace with policies, the first by name
	followed map[schema.GroupKind]context.CancelFunc
	blind    map[schema.GroupKind]string // of kinds that may not be read, why
}

// otherPolicy is a policy of another engine. Kinds of two groups may be called alike.
type otherPolicy struct {
	kind            schema.GroupKind
	namespace, name string
}

func (p otherPolicy) String() string {
	if p.namespace == "" {
		return p.kind.Kind + " " + p.name
	}
	return p.kind.Kind + " " + p.namespace + "/" + p.name
}

func newEngines(watches *Watches) *engines {
	return &engines{
		watches: watches, changed: func(string) {}, objects: map[string]map[otherPolicy]struct{}{}, least: map[string]string{},
		followed: map[schema.GroupKind]context.CancelFunc{}, blind: map[schema.GroupKind]string{},
	}
}

// in returns the policies of other engines that may have a say in a namespace, those of the cluster among them, and the kinds
// of which nobody knows.
func (e *engines) in(namespace string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []string
	for _, space := range []string{"", namespace} {
		for policy := range e.objects[space] {
			found = append(found, policy.String())
		}
	}
	for _, why := range e.blind {
		found = append(found, why)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// first returns the first of what may have a say in a namespace; empty where nothing has. Verdicts name no other: while it is
// the same, nothing is to be judged again.
func (e *engines) first(namespace string) string {
	first := e.least[""]
	for _, other := range append(slices.Collect(maps.Values(e.blind)), e.least[namespace]) {
		if first == "" || other != "" && other < first {
			first = other
		}
	}
	return first
}

var definitions = apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")

// start watches CustomResourceDefinitions, and from then on every kind of policy whose definition there is.
func (e *engines) start(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.started {
		e.started = true
		e.begin(ctx, definitions.GroupKind(), func(obj any, is bool) { e.defined(ctx, objectOf(obj), is) })
	}
}

// defined begins to watch a kind of policy when its definition comes, and ends when it goes.
func (e *engines) defined(ctx context.Context, definition client.Object, is bool) {
	if definition == nil {
		return
	}
	kind, known := network.OtherPolicyKinds[definition.GetName()]
	if !known {
		return
	}
	if !is {
		e.undefined(ctx, kind)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.followed[kind] == nil {
		e.begin(ctx, kind, func(obj any, is bool) { e.put(kind, objectOf(obj), is) })
	}
}

// undefined forgets a kind that is no more, with all policies of it.
func (e *engines) undefined(ctx context.Context, kind schema.GroupKind) {
	e.mu.Lock()
	if end := e.followed[kind]; end != nil {
		end()
	}
	delete(e.followed, kind)
	delete(e.blind, kind)
	for namespace, policies := range e.objects {
		maps.DeleteFunc(policies, func(policy otherPolicy, _ struct{}) bool { return policy.kind == kind })
		e.settle(namespace)
	}
	e.mu.Unlock()
	if mapping, err := e.watches.client.RESTMapper().RESTMapping(kind); err == nil { // the mapper remembers what was
		if err := e.watches.cache.RemoveInformer(ctx, metadataOf(mapping.GroupVersionKind)); err != nil {
			log.FromContext(ctx).Error(err, "cannot end to watch policies of other engines", "kind", kind.String())
		}
	}
	e.changed("")
}

// begin has a kind followed, which is synced when all that is there was handed in, or when it cannot be read.
func (e *engines) begin(ctx context.Context, kind schema.GroupKind, put func(obj any, is bool)) {
	ctx, e.followed[kind] = context.WithCancel(ctx)
	done := make(chan struct{})
	e.synced = append(e.synced, func() bool {
		select {
		case <-done:
			return true
		case <-ctx.Done():
			return true
		default:
			return false
		}
	})
	go e.follow(ctx, kind, put, sync.OnceFunc(func() { close(done) }))
}

// follow watches a kind, as soon as that may be, and from then on looks whether it still may. What cannot be read does not hold
// up the rest. The API server serves a kind a moment after its definition came: so the first tries follow each other quickly.
func (e *engines) follow(ctx context.Context, kind schema.GroupKind, put func(obj any, is bool), done func()) {
	const quick, stillMay = 16, 6
	patience := wait.Backoff{Duration: e.watches.Recheck / quick, Factor: 2, Steps: quick, Cap: e.watches.Recheck}
	err := patience.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		err := e.watch(ctx, kind, put)
		if ctx.Err() != nil {
			return false, ctx.Err() // the kind is no more, and nothing is to be said of it
		}
		e.note(kind, err)
		e.tell(ctx, kind, err)
		done()
		return err == nil, nil
	})
	if err != nil {
		return
	}
	_ = wait.PollUntilContextCancel(ctx, stillMay*e.watches.Recheck, false, func(ctx context.Context) (bool, error) {
		mapping, err := e.watches.client.RESTMapper().RESTMapping(kind)
		if err != nil {
			return false, nil //nolint:nilerr // it was there, and its definition tells when it is not
		}
		resource := mapping.Resource.GroupResource()
		if may, err := e.watches.allowed(ctx, &followed{resource: resource}); err == nil { // without an answer nothing has changed
			e.note(kind, refusalOf(resource, may))
		}
		return false, nil
	})
}

func refusalOf(resource schema.GroupResource, may bool) error {
	if may {
		return nil
	}
	return fmt.Errorf("the operator may not list and watch %s", resource)
}

// tell logs that a kind cannot be watched.
func (e *engines) tell(ctx context.Context, kind schema.GroupKind, err error) {
	switch {
	case meta.IsNoMatchError(err):
		log.FromContext(ctx).Info("the API server does not serve these policies of another engine yet", "kind", kind.String())
	case err != nil:
		log.FromContext(ctx).Error(err, "cannot watch policies of other engines", "kind", kind.String())
	}
}

// note takes down whether a kind can be read.
func (e *engines) note(kind schema.GroupKind, err error) {
	e.mu.Lock()
	before := e.blind[kind]
	delete(e.blind, kind)
	if err != nil && e.followed[kind] != nil {
		e.blind[kind] = fmt.Sprintf("%s of %s, which cannot be read,", kind.Kind, kind.Group)
	}
	changed := before != e.blind[kind]
	e.mu.Unlock()
	if changed {
		e.changed("")
	}
}

func metadataOf(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	objects := &metav1.PartialObjectMetadata{}
	objects.SetGroupVersionKind(kind)
	return objects
}

// metadata returns the informer of the metadata of a kind, in one of the versions or in that which the API server prefers. It is
// an error that the kind is not served, or may not be read.
func (w *Watches) metadata(ctx context.Context, kind schema.GroupKind, versions ...string) (cache.Informer, schema.GroupResource, error) {
	mapping, err := w.client.RESTMapper().RESTMapping(kind, versions...)
	if err != nil {
		return nil, schema.GroupResource{}, err
	}
	resource := mapping.Resource.GroupResource()
	may, err := w.allowed(ctx, &followed{resource: resource})
	if err = errors.Join(err, refusalOf(resource, may)); err != nil {
		return nil, resource, err
	}
	informer, err := w.cache.GetInformer(ctx, metadataOf(mapping.GroupVersionKind), cache.BlockUntilSynced(false))
	return informer, resource, err
}

// watch watches the metadata of a kind, and returns when all that is there was handed in.
func (e *engines) watch(ctx context.Context, kind schema.GroupKind, put func(obj any, is bool)) error {
	informer, resource, err := e.watches.metadata(ctx, kind)
	if err != nil {
		return err
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { put(obj, true) },
		DeleteFunc: func(obj any) { put(obj, false) },
	})
	if err != nil {
		return err
	}
	const patience = 3 // until then nothing is said of the kind, and after it that it cannot be read
	waiting, cancel := context.WithTimeout(ctx, patience*e.watches.Recheck)
	defer cancel()
	if !toolscache.WaitForCacheSync(waiting.Done(), registration.HasSynced) {
		return errors.Join(fmt.Errorf("%s are not read yet", resource), informer.RemoveEventHandler(registration))
	}
	return nil
}

// put takes down that a policy came or went. What it says may change without consequence: that it is there is what counts.
func (e *engines) put(kind schema.GroupKind, policy client.Object, is bool) {
	if policy == nil {
		return
	}
	one := otherPolicy{kind, policy.GetNamespace(), policy.GetName()}
	e.mu.Lock()
	before := e.first(one.namespace)
	switch {
	case e.followed[kind] == nil: // its definition has gone before it
	case is:
		if e.objects[one.namespace] == nil {
			e.objects[one.namespace] = map[otherPolicy]struct{}{}
		}
		e.objects[one.namespace][one] = struct{}{}
		if least, known := e.least[one.namespace]; !known || one.String() < least {
			e.least[one.namespace] = one.String()
		}
	default:
		delete(e.objects[one.namespace], one)
		if one.String() == e.least[one.namespace] {
			e.settle(one.namespace)
		}
	}
	changed := e.first(one.namespace) != before
	e.mu.Unlock()
	if changed {
		e.changed(one.namespace)
	}
}

// settle looks for the first of the policies of a namespace anew.
func (e *engines) settle(namespace string) {
	delete(e.least, namespace)
	for policy := range e.objects[namespace] {
		if least, known := e.least[namespace]; !known || policy.String() < least {
			e.least[namespace] = policy.String()
		}
	}
	if len(e.objects[namespace]) == 0 {
		delete(e.objects, namespace)
	}
}

// hasSynced says whether all policies that were there are known, or known to be unreadable.
func (e *engines) hasSynced() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, synced := range e.synced {
		if !synced() {
			return false
		}
	}
	return true
}

// engineSource holds up a controller until policies of other engines are known: without them, what they let through would be
// taken for denied.
type engineSource[key comparable] struct{ engines *engines }

func (s engineSource[key]) String() string { return "policies of other engines" }

// Start begins to watch.
func (s engineSource[key]) Start(ctx context.Context, _ workqueue.TypedRateLimitingInterface[key]) error {
	s.engines.start(ctx)
	return nil
}

// WaitForSync waits until all that is there is known, or known to be unreadable.
func (s engineSource[key]) WaitForSync(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		return s.engines.hasSynced(), nil
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
