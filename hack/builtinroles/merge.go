package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// history is a role in all versions.
type history struct {
	role   builtin.Role
	labels labels.Set
	forms  map[int]*bounds // of each minor
}

// merge makes the table of what several versions make.
func merge(sources []source) (builtin.Table, error) {
	var table builtin.Table
	var minors []int
	roles := map[workload.Ref]*history{}
	bindings := map[string]*builtin.Binding{}
	for _, s := range sources {
		table.Versions = append(table.Versions, s.version)
		minors = with(minors, s.minor)
		for _, p := range s.policies {
			for _, role := range p.roles() {
				addRole(roles, s.minor, role)
			}
			for _, binding := range p.bindings() {
				addBinding(bindings, s.minor, binding)
			}
		}
	}
	if !slices.IsSorted(minors) {
		return table, fmt.Errorf("the versions %v are not in order, the oldest first", table.Versions)
	}
	if err := findContributors(roles); err != nil {
		return table, err
	}
	for _, h := range roles {
		table.Roles = append(table.Roles, h.finish(minors))
	}
	for _, b := range bindings {
		b.Minors = unlessAll(b.Minors, minors)
		table.Bindings = append(table.Bindings, *b)
	}
	slices.SortFunc(table.Roles, func(a, b builtin.Role) int { return compareObjects(&a.Object, &b.Object) })
	slices.SortFunc(table.Bindings, func(a, b builtin.Binding) int { return compareObjects(&a.Object, &b.Object) })
	return table, nil
}

func compareObjects(a, b *builtin.Object) int {
	return cmp.Or(
		strings.Compare(a.Kind, b.Kind),
		strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Name, b.Name),
		slices.Compare(a.Minors, b.Minors),
	)
}

// with adds a minor to a list, once.
func with(minors []int, minor int) []int {
	if slices.Contains(minors, minor) {
		return minors
	}
	return append(minors, minor)
}

// unlessAll leaves out what goes without saying.
func unlessAll(minors, all []int) []int {
	if slices.Equal(minors, all) {
		return nil
	}
	return minors
}

// roles returns the roles of a namespace as ClusterRoles of the kind Role.
func (p policy) roles() []rbacv1.ClusterRole {
	var all []rbacv1.ClusterRole
	for _, r := range p.ClusterRoles {
		r.Kind = kindClusterRole
		all = append(all, r)
	}
	for _, r := range p.Roles {
		all = append(all, rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{Kind: kindRole}, ObjectMeta: r.ObjectMeta, Rules: r.Rules})
	}
	return all
}

func addRole(roles map[workload.Ref]*history, minor int, role rbacv1.ClusterRole) {
	object := builtin.Object{Kind: role.Kind, Namespace: role.Namespace, Name: role.Name}
	h := roles[object.Ref()]
	if h == nil {
		h = &history{role: builtin.Role{Object: object}, forms: map[int]*bounds{}}
		roles[object.Ref()] = h
	}
	h.role.Minors = with(h.role.Minors, minor)
	h.role.Aggregation = role.AggregationRule
	h.labels = role.Labels
	if h.forms[minor] == nil {
		h.forms[minor] = &bounds{}
	}
	h.forms[minor].widen(breakDown(role.Rules))
}

// findContributors says of each aggregated role which others it is made of.
func findContributors(roles map[workload.Ref]*history) error {
	var errs []error
	for _, h := range roles {
		if h.role.Aggregation == nil {
			continue
		}
		for i := range h.role.Aggregation.ClusterRoleSelectors {
			selector, err := metav1.LabelSelectorAsSelector(&h.role.Aggregation.ClusterRoleSelectors[i])
			errs = append(errs, err)
			for _, other := range roles {
				if err == nil && other != h && other.role.Kind == kindClusterRole && selector.Matches(other.labels) {
					h.role.Contributors = append(h.role.Contributors, other.role.Name)
				}
			}
		}
		slices.Sort(h.role.Contributors)
	}
	return errors.Join(errs...)
}

// finish returns the role as the table has it.
func (h *history) finish(minors []int) builtin.Role {
	role := h.role
	role.Rules = rulesOf(h.forms, role.Minors)
	role.Minors = unlessAll(role.Minors, minors)
	return role
}

// bindings returns the bindings of a namespace as ClusterRoleBindings of the kind RoleBinding.
func (p policy) bindings() []rbacv1.ClusterRoleBinding {
	var all []rbacv1.ClusterRoleBinding
	for _, b := range p.ClusterRoleBindings {
		b.Kind = kindClusterRoleBinding
		all = append(all, b)
	}
	for _, b := range p.RoleBindings {
		all = append(all, rbacv1.ClusterRoleBinding{
			TypeMeta: metav1.TypeMeta{Kind: kindRoleBinding}, ObjectMeta: b.ObjectMeta, RoleRef: b.RoleRef, Subjects: b.Subjects,
		})
	}
	return all
}

func addBinding(bindings map[string]*builtin.Binding, minor int, b rbacv1.ClusterRoleBinding) {
	object := builtin.Object{Kind: b.Kind, Namespace: b.Namespace, Name: b.Name}
	key := fmt.Sprint(object.Ref(), b.RoleRef, b.Subjects)
	if bindings[key] == nil {
		bindings[key] = &builtin.Binding{Object: object, RoleRef: b.RoleRef, Subjects: b.Subjects}
	}
	bindings[key].Minors = with(bindings[key].Minors, minor)
}
