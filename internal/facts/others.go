package facts

import (
	"context"
	"fmt"
	"reflect"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
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
	if classes&workload.Guardrails != 0 {
		kinds = append(kinds, guardrailKinds()...)
	}
	return kinds
}

// KindList is a kind with an empty list of it.
type KindList struct {
	Kind schema.GroupKind
	List client.ObjectList
}

// GuardrailLists are the kinds that keep drift out of a cluster.
func GuardrailLists() []KindList {
	var lists []KindList
	for _, kind := range guardrailKinds() {
		lists = append(lists, KindList{kind.gk, kind.list})
	}
	return lists
}

func guardrailKinds() []otherKind {
	group := func(kind string) schema.GroupKind {
		return schema.GroupKind{Group: admissionregistrationv1.GroupName, Kind: kind}
	}
	return []otherKind{
		{group("ValidatingAdmissionPolicy"), &admissionregistrationv1.ValidatingAdmissionPolicyList{}},
		{group("ValidatingAdmissionPolicyBinding"), &admissionregistrationv1.ValidatingAdmissionPolicyBindingList{}},
		{group("ValidatingWebhookConfiguration"), &admissionregistrationv1.ValidatingWebhookConfigurationList{}},
		{group("MutatingWebhookConfiguration"), &admissionregistrationv1.MutatingWebhookConfigurationList{}},
	}
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

// RefOf returns the identity of an object that is judged and is no workload.
func RefOf(obj client.Object) (workload.Ref, bool) {
	for _, kind := range otherKinds(^workload.Class(0)) {
		if reflect.TypeOf(newOther(kind.gk)) == reflect.TypeOf(obj) {
			return workload.Ref{Group: kind.gk.Group, Kind: kind.gk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}, true
		}
	}
	return workload.Ref{}, false
}
