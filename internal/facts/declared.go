package facts

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/guardrail"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// guardrail reads what keeps drift out of the cluster as a target.
func (c *Cluster) guardrail(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	obj, state, err := c.other(ctx, ref)
	if obj == nil {
		return nil, state, err
	}
	judged := engine.Other{Guardrail: &engine.Guardrail{Ref: ref}}
	if !c.Readable(schema.GroupKind{Kind: "Namespace"}) {
		miss(&judged.Unreadable, engine.NeedNamespace, cannotList+"namespaces")
		return c.otherTarget(ctx, ref, obj, judged)
	}
	namespaces, err := c.Namespaces(ctx)
	if err != nil {
		return nil, Gone, err
	}
	judged.Guardrail.Weak = guardrail.Weaknesses(obj, namespaces)
	if c.Weakened != nil {
		judged.Guardrail.Gained = c.Weakened(ref)
	} else {
		miss(&judged.Unreadable, engine.NeedBefore, "nobody watched it")
	}
	target, state, err := c.otherTarget(ctx, ref, obj, judged)
	if target != nil {
		target.Object.Namespaces = make(map[string]map[string]string, len(namespaces))
		for _, namespace := range namespaces {
			target.Object.Namespaces[namespace.Name] = namespace.Labels
		}
	}
	return target, state, err
}

// Namespaces returns what selectors look at of every namespace.
func (c *Cluster) Namespaces(ctx context.Context) ([]guardrail.Namespace, error) {
	var list corev1.NamespaceList
	if err := c.Cache.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	namespaces := make([]guardrail.Namespace, len(list.Items))
	for i := range list.Items {
		namespaces[i] = guardrail.Namespace{Name: list.Items[i].Name, Labels: list.Items[i].Labels}
	}
	return namespaces, nil
}

// declares returns how the baselines declare an object; nil when none does.
func (c *Cluster) declares(ref workload.Ref) *pinned.Pin {
	if c.Declares == nil {
		return nil
	}
	return c.Declares(ref)
}

// Declared returns an object as a target that is declared and of which Target said that it is gone, or that another stands for
// it. Of one that is gone the API server is asked: the cache may be a moment behind.
func (c *Cluster) Declared(ctx context.Context, pin *pinned.Pin, state State) (*Target, State, error) {
	if state == Owned {
		return c.ownedDeclared(ctx, pin.Ref)
	}
	reference := v1alpha1.TargetReference{
		APIVersion: pin.APIVersion, Kind: pin.Ref.Kind, Namespace: pin.Ref.Namespace, Name: pin.Ref.Name,
	}
	there := &metav1.PartialObjectMetadata{}
	there.SetGroupVersionKind(schema.FromAPIVersionAndKind(pin.APIVersion, pin.Ref.Kind))
	switch err := c.Live.Get(ctx, types.NamespacedName{Namespace: pin.Ref.Namespace, Name: pin.Ref.Name}, there); {
	case err == nil:
		return nil, Behind, nil
	case !isAbsent(err):
		return nil, Gone, fmt.Errorf("read %s: %w", pin.Ref, err)
	}
	return c.Absent(ctx, pin.Ref, reference)
}

// Absent returns an object that is not there as a target: the report that says so belongs to no object.
func (c *Cluster) Absent(ctx context.Context, ref workload.Ref, reference v1alpha1.TargetReference) (*Target, State, error) {
	reference.UID = ""
	target := &Target{Reference: reference, Object: judgement.Object{Target: ref, Other: engine.Other{Absent: &ref}}}
	if home := workload.Home(ref); home != "" && c.Readable(schema.GroupKind{Kind: "Namespace"}) {
		namespace, err := c.Namespace(ctx, home)
		if err != nil {
			return nil, Gone, err
		}
		target.Homeless = !namespace.Known
	}
	return target, Found, nil
}

// ownedDeclared reads a workload that is declared and names a controller. What stands for it is judged by the rules of the
// baselines; it is only held against how it is declared.
func (c *Cluster) ownedDeclared(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	kind, is := workload.KindOf(ref.GroupKind())
	if !is {
		return nil, Owned, nil
	}
	obj, err := get(ctx, c.Cache, kind, ref)
	if obj == nil || err != nil {
		return nil, Owned, err
	}
	w, _ := workload.Of(obj)
	return &Target{
		Reference: referenceTo(w), Generation: w.Meta.Generation,
		Object: judgement.Object{Target: ref, Other: engine.Other{Absent: &ref, Live: obj}},
	}, Found, nil
}

// isAbsent says whether there is no such object, or not even its kind.
func isAbsent(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }

// foreign reads an object that is declared and of a kind that is not kept in the cache.
func (c *Cluster) foreign(ctx context.Context, pin *pinned.Pin) (*Target, State, error) {
	ref := pin.Ref
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.FromAPIVersionAndKind(pin.APIVersion, ref.Kind))
	err := c.Live.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, obj)
	switch {
	case apierrors.IsForbidden(err):
		target := &Target{
			Reference: v1alpha1.TargetReference{APIVersion: pin.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name},
			Object:    judgement.Object{Target: ref, Other: engine.Other{Absent: &ref}},
		}
		miss(&target.Object.Other.Unreadable, engine.NeedLive, "the operator may not get it: grant it get, list and watch on its kind")
		return target, Found, nil
	case err != nil && isAbsent(err):
		return nil, Gone, nil
	case err != nil:
		return nil, Gone, fmt.Errorf("read %s: %w", ref, err)
	}
	target, state, err := c.otherTarget(ctx, ref, obj, engine.Other{Guardrail: &engine.Guardrail{Ref: ref}})
	if target != nil {
		target.Reference.APIVersion = pin.APIVersion
	}
	return target, state, err
}
