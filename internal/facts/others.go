package facts

import (
	"context"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	for _, kind := range otherKinds(classes) {
		found, err := c.candidates(ctx, kind, options)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// otherKind is a kind that is judged and is no workload.
type otherKind struct {
	gk   schema.GroupKind
	list client.ObjectList
}

func otherKinds(classes workload.Class) []otherKind {
	group := func(kind string) schema.GroupKind { return schema.GroupKind{Group: rbacv1.GroupName, Kind: kind} }
	var kinds []otherKind
	if classes&workload.Roles != 0 {
		kinds = append(kinds, otherKind{group("Role"), &rbacv1.RoleList{}}, otherKind{group("ClusterRole"), &rbacv1.ClusterRoleList{}})
	}
	if classes&workload.Bindings != 0 {
		kinds = append(kinds, otherKind{group("RoleBinding"), &rbacv1.RoleBindingList{}},
			otherKind{group("ClusterRoleBinding"), &rbacv1.ClusterRoleBindingList{}})
	}
	if classes&workload.Subjects != 0 {
		kinds = append(kinds, otherKind{schema.GroupKind{Kind: rbacv1.ServiceAccountKind}, &corev1.ServiceAccountList{}})
	}
	if classes&workload.Policies != 0 {
		kinds = append(kinds, otherKind{networkPolicy, &networkingv1.NetworkPolicyList{}})
	}
	if classes&workload.Namespaces != 0 {
		kinds = append(kinds, otherKind{schema.GroupKind{Kind: "Namespace"}, &corev1.NamespaceList{}})
	}
	return kinds
}

func (c *Cluster) candidates(ctx context.Context, kind otherKind, options []client.ListOption) ([]Candidate, error) {
	if !c.Readable(kind.gk) {
		return nil, nil
	}
	if err := c.Cache.List(ctx, kind.list, options...); err != nil {
		return nil, fmt.Errorf("list every %s: %w", kind.gk.Kind, err)
	}
	var found []Candidate
	err := meta.EachListItem(kind.list, func(item runtime.Object) error {
		if obj, ok := item.(client.Object); ok {
			ref := workload.Ref{Group: kind.gk.Group, Kind: kind.gk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
			found = append(found, Candidate{ref, obj.GetLabels()})
		}
		return nil
	})
	return found, err
}

// NamedSubjects returns the users and groups that bindings name.
func (c *Cluster) NamedSubjects(ctx context.Context) ([]Candidate, error) {
	if c.rbacBlind() != "" {
		return nil, nil
	}
	bindings, err := c.bindings(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[rbac.Subject]bool{}
	var found []Candidate
	for _, binding := range bindings {
		for _, holder := range binding.Holders() {
			if !seen[holder] && workload.Named(holder.Ref()) {
				seen[holder] = true
				found = append(found, Candidate{Ref: holder.Ref()})
			}
		}
	}
	return found, nil
}

// otherRef returns the identity of an object that is judged and is no workload.
func otherRef(obj client.Object) (workload.Ref, bool) {
	for _, kind := range otherKinds(^workload.Class(0)) {
		if reflect.TypeOf(newOther(kind.gk)) == reflect.TypeOf(obj) {
			return workload.Ref{Group: kind.gk.Group, Kind: kind.gk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}, true
		}
	}
	return workload.Ref{}, false
}
