package builtin

import (
	"cmp"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

// Objects returns the roles and bindings that an API server of the newest known version makes, with all that depends on
// feature gates: they are in every cluster, and in no file. Aggregated roles have labels and selectors as there, and no rules
// yet: see rbac.Aggregate. What is returned may be changed, but not the rules in it.
func Objects() []runtime.Object {
	x := known()
	newest := slices.Max(x.minors)
	var objects []runtime.Object
	for _, ref := range slices.SortedFunc(maps.Keys(x.roles), compareRefs) {
		if role := x.roles[ref]; slices.Contains(in(role.Minors, x.minors), newest) {
			objects = append(objects, x.role(role, newest))
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(x.bindings), compareRefs) {
		for _, form := range x.bindings[ref] {
			if slices.Contains(in(form.Minors, x.minors), newest) {
				objects = append(objects, form.object())
			}
		}
	}
	return objects
}

func compareRefs(a, b workload.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// role returns a role as the API server of a minor makes it.
func (x *index) role(role *Role, minor int) runtime.Object {
	meta := metav1.ObjectMeta{Namespace: role.Namespace, Name: role.Name, Labels: x.labels(role)}
	var rules []rbacv1.PolicyRule
	for i := range role.Rules {
		if slices.Contains(in(role.Rules[i].Minors, x.minors), minor) {
			rules = append(rules, role.Rules[i].PolicyRule)
		}
	}
	if role.Namespace != "" {
		return &rbacv1.Role{ObjectMeta: meta, Rules: rules}
	}
	return &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules, AggregationRule: role.Aggregation}
}

// labels returns those by which others take up the rules of a role.
func (x *index) labels(role *Role) map[string]string {
	labels := map[string]string{}
	for _, other := range x.roles {
		if other.Aggregation == nil || !slices.Contains(other.Contributors, role.Name) {
			continue
		}
		for i := range other.Aggregation.ClusterRoleSelectors {
			maps.Copy(labels, other.Aggregation.ClusterRoleSelectors[i].MatchLabels)
		}
	}
	return labels
}

// object returns a binding as the API server makes it.
func (b *Binding) object() runtime.Object {
	meta := metav1.ObjectMeta{Namespace: b.Namespace, Name: b.Name}
	if b.Namespace != "" {
		return &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: b.RoleRef, Subjects: b.Subjects}
	}
	return &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: b.RoleRef, Subjects: b.Subjects}
}
