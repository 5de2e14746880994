// Package facts reads what is judged: the target, what it consists of, and what surrounds it.
package facts

import (
	"context"
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/guardrail"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// Cluster reads facts from a live cluster.
type Cluster struct {
	// Cache holds the watched kinds, trimmed by workload.Trim and indexed by OwnerIndex.
	Cache client.Reader
	// Live reads from the API server, for the rare object that the cache holds too little of.
	Live client.Reader
	// Readable says whether the cache holds the objects of a kind.
	Readable func(schema.GroupKind) bool
	// Unserved says whether the API server does not serve a kind: there are no objects of it. Nil: it serves every kind.
	Unserved func(schema.GroupKind) bool
	// Needs says whether a baseline looks at a fact: others are not read. Nil: no baseline does.
	Needs func(engine.Need) bool
	// Declares returns how a baseline declares an object, nil when none does. Nil: no baseline declares any.
	Declares func(workload.Ref) *pinned.Pin
	// Weakened returns how a guardrail came to be weaker while somebody watched. Nil: nobody did.
	Weakened func(workload.Ref) []guardrail.Weakness
	// Sources are all workloads as senders of traffic. Nil: nobody knows them.
	Sources *network.Sources
	// OtherPolicies returns the policies of other engines that may have a say in a namespace; empty for policies of the
	// cluster as a whole. Nil: there are none.
	OtherPolicies func(namespace string) []string

	// Server returns the minor version of the API server, 36 for v1.36; 0 where it is not known. Nil: it is not.
	Server func(context.Context) int

	// given says that there is nothing but what was given: a Namespace that is not there has no labels.
	given bool

	compiled    policies
	rbacChanges atomic.Uint64
	roles       remembered[*engine.Role]
	standings   remembered[builtin.Comparison]
	specs       specs
}

// State says what there is of a target.
type State int

const (
	// Found means that the target is there, and stands for itself.
	Found State = iota
	// Gone means that there is no such object.
	Gone
	// Owned means that the object belongs to a controller, which stands for all that is judged of it.
	Owned
	// Unreadable means that the kind cannot be read, so that nothing can be said.
	Unreadable
	// Behind means that the cache does not have an object that is there: it is about to bring it.
	Behind
)

// Target is an object with all that is judged of it.
type Target struct {
	Reference  v1alpha1.TargetReference
	Generation int64
	Object     judgement.Object
	// Composed says that the target's own kind is not watched, and that it is judged by the objects it controls.
	Composed bool
	// Unnamed says that the target is a user or a group that no binding names any more.
	Unnamed bool
	// Homeless says that the target is declared, and that not even its namespace is there.
	Homeless bool
	// Unsettled says that what is seen may be a passing state, which somebody is about to change: the target names a
	// controller that is not there, a role gathers what the role that gave it gives no more, or a NetworkPolicy selects nothing:
	// charts bring policies before what these protect, and a workload that is replaced is gone for a moment.
	Unsettled bool
}

// Target reads a target. Only with Found is there one.
func (c *Cluster) Target(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	switch class, _ := workload.ClassOf(ref.GroupKind()); class {
	case workload.Pods:
		kind, _ := workload.KindOf(ref.GroupKind())
		return c.watched(ctx, kind, ref)
	case workload.Roles:
		return c.role(ctx, ref)
	case workload.Bindings:
		return c.binding(ctx, ref)
	case workload.Subjects:
		return c.subject(ctx, ref)
	case workload.Policies:
		return c.policy(ctx, ref)
	case workload.Namespaces:
		return c.namespace(ctx, ref)
	case workload.Guardrails:
		return c.guardrail(ctx, ref)
	}
	if pin := c.declares(ref); pin != nil {
		return c.foreign(ctx, pin)
	}
	return c.composed(ctx, ref)
}

func (c *Cluster) watched(ctx context.Context, kind workload.Kind, ref workload.Ref) (*Target, State, error) {
	if !c.Readable(kind.GroupKind()) {
		return nil, Unreadable, nil
	}
	obj, err := get(ctx, c.Cache, kind, ref)
	if obj == nil || err != nil {
		return nil, Gone, err
	}
	if owner, owned := workload.Owner(obj); owned {
		return c.owned(ctx, kind, ref, obj, owner)
	}
	return c.itself(ctx, obj)
}

// owned reads an object that names a controller.
func (c *Cluster) owned(ctx context.Context, kind workload.Kind, ref workload.Ref, obj client.Object, owner metav1.OwnerReference) (*Target, State, error) {
	stands, err := c.standsFor(ctx, owner, ref)
	switch {
	case err != nil:
		return nil, Owned, err
	case stands:
		return c.debugged(ctx, obj)
	case obj.GetDeletionTimestamp() != nil:
		return nil, Gone, nil // it goes with its owner
	}
	// The owner that it names is not there: a dead reference, or a false one, which must not hide it. The cache has
	// dropped its pods.
	if obj, err = get(ctx, c.Live, kind, ref); obj == nil || err != nil {
		return nil, Gone, err
	}
	target, state, err := c.itself(ctx, obj)
	if target != nil {
		target.Unsettled = true
	}
	return target, state, err
}

// Itself reads what is known around an object, whatever it names as its controller. It is nil for a kind that is not
// judged, or that is not in the cache.
func (c *Cluster) Itself(ctx context.Context, obj client.Object) (*Target, error) {
	var target *Target
	var err error
	if w, is := workload.Of(obj); is {
		target, _, err = c.itself(ctx, obj)
		if target != nil {
			target.Object.Target = w.Ref
		}
		return target, err
	}
	if ref, is := RefOf(obj); is {
		target, _, err = c.Target(ctx, ref)
	}
	return target, err
}

// itself reads an object that stands for itself.
func (c *Cluster) itself(ctx context.Context, obj client.Object) (*Target, State, error) {
	w, _ := workload.Of(obj)
	target, state, err := c.target(ctx, referenceTo(w), w.Meta.Generation, []workload.Workload{w})
	if target != nil {
		target.Object.Live = obj
		err = c.addRunning(ctx, target, target.Object.Workloads)
	}
	return target, state, err
}

// debugged reads a pod for which its controller stands: it is a target itself as far as somebody put ephemeral containers
// into it.
func (c *Cluster) debugged(ctx context.Context, obj client.Object) (*Target, State, error) {
	w, _ := workload.Of(obj)
	debugged, is := w.Debugged()
	if !is || obj.GetDeletionTimestamp() != nil {
		return nil, Owned, nil
	}
	return c.target(ctx, referenceTo(w), w.Meta.Generation, []workload.Workload{debugged})
}

// standsFor says whether an owner is judged for what it owns.
func (c *Cluster) standsFor(ctx context.Context, owner metav1.OwnerReference, owned workload.Ref) (bool, error) {
	ref := workload.RefTo(owner, owned.Namespace)
	kind, watched := workload.KindOf(ref.GroupKind())
	if workload.Watched(ref) && !workload.Makes(ref.Kind, owned.Kind) {
		return false, nil // a ServiceAccount or a Role makes no pods either
	}
	if !watched || !c.Readable(kind.GroupKind()) {
		return true, nil
	}
	obj, err := get(ctx, c.Cache, kind, ref)
	if err != nil || (obj != nil && obj.GetUID() == owner.UID) {
		return err == nil, err
	}
	// The cache of one kind may be behind that of another: only the API server can say that the owner is not there.
	obj, err = get(ctx, c.Live, kind, ref)
	return obj != nil && obj.GetUID() == owner.UID, err
}

// composed reads a target whose own kind is not watched by what it controls.
func (c *Cluster) composed(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	children, unreadable, err := c.children(ctx, ref)
	if err != nil {
		return nil, Gone, err
	}
	if len(children) == 0 {
		if unreadable != "" {
			return nil, Unreadable, nil
		}
		return nil, Gone, nil
	}
	owner, _ := workload.Owner(newest(children).Meta)
	reference := v1alpha1.TargetReference{
		APIVersion: owner.APIVersion, Kind: owner.Kind, Namespace: ref.Namespace, Name: owner.Name, UID: owner.UID,
	}
	target, state, err := c.target(ctx, reference, 0, inUse(children))
	if target != nil {
		target.Composed = true
		if unreadable != "" {
			target.Object.Partial = "cannot read " + unreadable + ", of which it may control some"
		}
		err = c.addRunning(ctx, target, children)
	}
	return target, state, err
}

// children returns what an owner controls, and a kind that cannot be read, of which there may be more.
func (c *Cluster) children(ctx context.Context, owner workload.Ref) (children []workload.Workload, unreadable string, err error) {
	for _, kind := range workload.Kinds() {
		if !c.Readable(kind.GroupKind()) {
			unreadable = kind.Resource
			continue
		}
		found, err := List(ctx, c.Cache, kind, client.InNamespace(owner.Namespace),
			client.MatchingFields{OwnerIndex: ownerKey(owner)})
		if err != nil {
			return nil, "", err
		}
		children = append(children, found...)
	}
	return children, unreadable, nil
}

func newest(children []workload.Workload) workload.Workload {
	latest := children[0]
	for _, child := range children[1:] {
		created, than := child.Meta.CreationTimestamp.Unix(), latest.Meta.CreationTimestamp.Unix()
		// Times are whole seconds: of those that are equally old, always the same.
		if created > than || (created == than && child.Name > latest.Name) {
			latest = child
		}
	}
	return latest
}

// inUse returns the children that run pods; when none does, the newest, which would.
func inUse(children []workload.Workload) []workload.Workload {
	var used []workload.Workload
	for _, child := range children {
		if !child.Idle() {
			used = append(used, child.Under())
		}
	}
	if len(used) == 0 {
		used = append(used, newest(children).Under())
	}
	return used
}

func (c *Cluster) target(ctx context.Context, reference v1alpha1.TargetReference, generation int64, workloads []workload.Workload) (*Target, State, error) {
	namespace, err := c.Namespace(ctx, reference.Namespace)
	if err != nil {
		return nil, Gone, err
	}
	around, err := c.around(ctx, workloads)
	if err != nil {
		return nil, Gone, err
	}
	object := judgement.Object{Workloads: workloads, Namespace: namespace, Facts: around}
	return &Target{Reference: reference, Generation: generation, Object: object}, Found, nil
}

// Namespace reads what scopes look at of a namespace. One that cannot be read, or is not known yet, is not Known.
func (c *Cluster) Namespace(ctx context.Context, name string) (baseline.Namespace, error) {
	if !c.Readable(corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind()) {
		return baseline.Namespace{}, nil
	}
	var namespace corev1.Namespace
	if err := c.Cache.Get(ctx, types.NamespacedName{Name: name}, &namespace); err != nil {
		return baseline.Namespace{}, ignoreNotFound(err, "Namespace "+name)
	}
	return baseline.Namespace{Labels: namespace.Labels, Known: true, Terminating: namespace.DeletionTimestamp != nil}, nil
}

// ManagedFields reads who changed what in an object: from what arrived with it or, where that is not here any more,
// from the API server. They are not kept in the cache.
func (c *Cluster) ManagedFields(ctx context.Context, target v1alpha1.TargetReference, arrived []metav1.ManagedFieldsEntry) ([]metav1.ManagedFieldsEntry, error) {
	if arrived != nil {
		return arrived, nil
	}
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(schema.FromAPIVersionAndKind(target.APIVersion, target.Kind))
	key := types.NamespacedName{Namespace: target.Namespace, Name: target.Name}
	if err := c.Live.Get(ctx, key, meta); err != nil {
		return nil, ignoreNotFound(err, target.Kind+" "+key.String())
	}
	return meta.ManagedFields, nil
}

func referenceTo(w workload.Workload) v1alpha1.TargetReference {
	return v1alpha1.TargetReference{
		APIVersion: w.APIVersion, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, UID: w.Meta.UID,
	}
}

// get returns nil when there is no such object.
func get(ctx context.Context, reader client.Reader, kind workload.Kind, ref workload.Ref) (client.Object, error) {
	obj, ok := kind.New().(client.Object)
	if !ok {
		return nil, fmt.Errorf("%s is not an API object", kind.Kind)
	}
	if err := reader.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, obj); err != nil {
		return nil, ignoreNotFound(err, ref.String())
	}
	return obj, nil
}

func ignoreNotFound(err error, what string) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("read %s: %w", what, err)
}
