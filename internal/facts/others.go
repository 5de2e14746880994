package facts

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Candidate is something that a baseline may cover: what scopes look at of it.
type Candidate struct {
	Ref    workload.Ref
	Labels map[string]string
}

// Others returns what may be judged of the classes, but for workloads, users and groups: all, or what the options choose. Of
// kinds that cannot be read there is nothing.
func (c *Cluster) Others(ctx context.Context, classes workload.Class, options ...client.ListOption) ([]Candidate, error) {
	var all []Candidate
	for _, kind := range ofClasses(classes) {
		found, err := c.objects(ctx, kind, options)
		if err != nil {
			return nil, err
		}
		for _, obj := range found {
			ref := workload.Ref{Group: kind.gk.Group, Kind: kind.gk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
			all = append(all, Candidate{ref, obj.GetLabels()})
		}
	}
	return all, nil
}

// Guardrails returns all that keeps drift out of the cluster, of the kinds that can be read.
func (c *Cluster) Guardrails(ctx context.Context) ([]client.Object, error) {
	var found []client.Object
	for _, kind := range ofClasses(workload.Guardrails) {
		objects, err := c.objects(ctx, kind, nil)
		if err != nil {
			return nil, err
		}
		found = append(found, objects...)
	}
	return found, nil
}

// objects returns the objects of a kind; none while it cannot be read.
func (c *Cluster) objects(ctx context.Context, kind otherKind, options []client.ListOption) ([]client.Object, error) {
	if !c.Readable(kind.gk) {
		return nil, nil
	}
	list := kind.newList()
	if err := c.Cache.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("list %s: %w", kind.resource(), err)
	}
	var found []client.Object
	err := meta.EachListItem(list, func(item runtime.Object) error {
		if obj, ok := item.(client.Object); ok {
			found = append(found, obj)
		}
		return nil
	})
	return found, err
}

// NamedSubjects returns the users and groups that are judged, of each binding the first that it names; and the bindings that name
// more, which are judged to say so.
func (c *Cluster) NamedSubjects(ctx context.Context) (found []Candidate, crowded []workload.Ref, err error) {
	if c.rbacBlind() != "" {
		return nil, nil, nil
	}
	bindings, err := c.bindings(ctx)
	if err != nil {
		return nil, nil, err
	}
	seen := map[rbac.Subject]bool{}
	for _, binding := range bindings {
		first, beyond := binding.Named()
		if len(beyond) > 0 {
			crowded = append(crowded, binding.Ref)
		}
		for _, holder := range first {
			if !seen[holder] {
				seen[holder] = true
				found = append(found, Candidate{Ref: holder.Ref()})
			}
		}
	}
	return found, crowded, nil
}
