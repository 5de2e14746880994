package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get;list;watch
// +kubebuilder:rbac:groups=cilium.io,resources=ciliumnetworkpolicies;ciliumclusterwidenetworkpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=crd.projectcalico.org;projectcalico.org,resources=networkpolicies;globalnetworkpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=policy.networking.k8s.io,resources=adminnetworkpolicies;baselineadminnetworkpolicies;clusternetworkpolicies,verbs=get;list;watch

// otherPolicyKinds are the kinds of policies that may decide what gets through beside NetworkPolicies, by the names of their
// CustomResourceDefinitions. Where these exist, they are watched by their metadata alone: that there are any is enough to
// know that NetworkPolicies are not all.
var otherPolicyKinds = map[string]schema.GroupKind{
	"ciliumnetworkpolicies.cilium.io":                       {Group: "cilium.io", Kind: "CiliumNetworkPolicy"},
	"ciliumclusterwidenetworkpolicies.cilium.io":            {Group: "cilium.io", Kind: "CiliumClusterwideNetworkPolicy"},
	"networkpolicies.crd.projectcalico.org":                 {Group: "crd.projectcalico.org", Kind: "NetworkPolicy"},
	"globalnetworkpolicies.crd.projectcalico.org":           {Group: "crd.projectcalico.org", Kind: "GlobalNetworkPolicy"},
	"networkpolicies.projectcalico.org":                     {Group: "projectcalico.org", Kind: "NetworkPolicy"},
	"globalnetworkpolicies.projectcalico.org":               {Group: "projectcalico.org", Kind: "GlobalNetworkPolicy"},
	"adminnetworkpolicies.policy.networking.k8s.io":         {Group: "policy.networking.k8s.io", Kind: "AdminNetworkPolicy"},
	"baselineadminnetworkpolicies.policy.networking.k8s.io": {Group: "policy.networking.k8s.io", Kind: "BaselineAdminNetworkPolicy"},
	"clusternetworkpolicies.policy.networking.k8s.io":       {Group: "policy.networking.k8s.io", Kind: "ClusterNetworkPolicy"},
}

// engines knows the policies of other engines than NetworkPolicies.
type engines struct {
	watches *Watches
	changed func(namespace string) // called after what is known of a namespace changed; "" is every namespace

	mu       sync.Mutex
	started  bool
	synced   []func() bool              // of all that is watched
	objects  map[string]map[string]bool // by namespace, the names of policies
	followed map[schema.GroupKind]bool
	blind    map[schema.GroupKind]string // of kinds that may not be read, why
}

func newEngines(watches *Watches) *engines {
	return &engines{
		watches: watches, changed: func(string) {},
		objects: map[string]map[string]bool{}, followed: map[schema.GroupKind]bool{}, blind: map[schema.GroupKind]string{},
	}
}

// in returns the policies of other engines that may have a say in a namespace, those of the cluster among them, and the kinds
// of which nobody knows.
func (e *engines) in(namespace string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []string
	for _, space := range []string{"", namespace} {
		for name := range e.objects[space] {
			found = append(found, name)
		}
	}
	for _, why := range e.blind {
		found = append(found, why)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var definitions = apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")

// start watches CustomResourceDefinitions, and from then on every kind of policy whose definition there is.
func (e *engines) start(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.started {
		e.started = true
		e.begin(ctx, definitions.GroupKind(), func(obj any, is bool) {
			if is {
				e.defined(ctx, obj)
			}
		})
	}
}

// defined begins to watch a kind of policy, when its definition is there. The API server may not serve it yet: then it is
// asked again.
func (e *engines) defined(ctx context.Context, obj any) {
	definition := objectOf(obj)
	if definition == nil {
		return
	}
	kind, known := otherPolicyKinds[definition.GetName()]
	if !known {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.followed[kind] {
		e.followed[kind] = true
		e.begin(ctx, kind, func(obj any, is bool) { e.put(kind.Kind, objectOf(obj), is) })
	}
}

// begin has a kind followed, which is synced when all that is there was handed in, or when it cannot be read.
func (e *engines) begin(ctx context.Context, kind schema.GroupKind, put func(obj any, is bool)) {
	var done atomic.Bool
	e.synced = append(e.synced, done.Load)
	go e.follow(ctx, kind, put, func() { done.Store(true) })
}

// follow watches a kind, as soon as that may be. What cannot be read does not hold up the rest.
func (e *engines) follow(ctx context.Context, kind schema.GroupKind, put func(obj any, is bool), done func()) {
	err := wait.PollUntilContextCancel(ctx, e.watches.Recheck, true, func(ctx context.Context) (bool, error) {
		err := e.watch(ctx, kind, put)
		e.note(kind, err)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot watch policies of other engines", "kind", kind.String())
		}
		done()
		return err == nil, nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		log.FromContext(ctx).Error(err, "cannot watch policies of other engines", "kind", kind.String())
	}
}

// note takes down whether a kind can be read.
func (e *engines) note(kind schema.GroupKind, err error) {
	e.mu.Lock()
	before := e.blind[kind]
	delete(e.blind, kind)
	if err != nil {
		e.blind[kind] = fmt.Sprintf("%s of %s, which cannot be read,", kind.Kind, kind.Group)
	}
	changed := before != e.blind[kind]
	e.mu.Unlock()
	if changed {
		e.changed("")
	}
}

// watch watches the metadata of a kind, and returns when all that is there was handed in.
func (e *engines) watch(ctx context.Context, kind schema.GroupKind, put func(obj any, is bool)) error {
	mapping, err := e.watches.client.RESTMapper().RESTMapping(kind)
	if err != nil {
		return err
	}
	objects := &metav1.PartialObjectMetadata{}
	objects.SetGroupVersionKind(mapping.GroupVersionKind)
	may, err := e.watches.allowed(ctx, &followed{resource: mapping.Resource.GroupResource()})
	if err != nil || !may {
		return errors.Join(err, fmt.Errorf("the operator may not list and watch %s", mapping.Resource.GroupResource()))
	}
	informer, err := e.watches.cache.GetInformer(ctx, objects, cache.BlockUntilSynced(false))
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
	const patience = time.Minute
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if !toolscache.WaitForCacheSync(waiting.Done(), registration.HasSynced) {
		return fmt.Errorf("%s are not read yet", mapping.Resource.GroupResource())
	}
	return nil
}

// put takes down that a policy came or went. What it says may change without consequence: that it is there is what counts.
func (e *engines) put(kind string, policy client.Object, is bool) {
	if policy == nil {
		return
	}
	namespace := policy.GetNamespace()
	name := kind + " " + policy.GetName()
	if namespace != "" {
		name = kind + " " + namespace + "/" + policy.GetName()
	}
	e.mu.Lock()
	if e.objects[namespace] == nil {
		e.objects[namespace] = map[string]bool{}
	}
	if is {
		e.objects[namespace][name] = true
	} else {
		delete(e.objects[namespace], name)
	}
	e.mu.Unlock()
	e.changed(namespace)
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
