package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// writers are rules that are asked which objects they let be updated or patched. For each resource they are gone through once:
// a role may hold thousands of rules that name objects to be created, and each of these asks.
type writers struct {
	rules []rbacv1.PolicyRule
	known map[target]written
}

// target is what rules are about: a resource of a group, or a path.
type target struct{ path, group, resource string }

// written are the objects of a resource that may be written.
type written struct {
	all   bool
	names map[string]bool
}

// among returns those of the names that may be written in any of the groups.
func (w *writers) among(names, groups []string, resource string) []string {
	found := make([]written, len(groups))
	for i, group := range groups {
		if found[i] = w.of(group, resource); found[i].all {
			return names
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return !slices.ContainsFunc(found, func(one written) bool { return one.names[name] })
	})
}

func (w *writers) of(group, resource string) written {
	at := target{group: group, resource: resource}
	known, is := w.known[at]
	if is {
		return known
	}
	if w.known == nil {
		w.known = map[target]written{}
	}
	w.known[at] = w.gather(group, resource)
	return w.known[at]
}

func (w *writers) gather(group, resource string) written {
	found := written{names: map[string]bool{}}
	for i := range w.rules {
		rule := &w.rules[i]
		if !has(rule.Verbs, "update") && !has(rule.Verbs, "patch") || !hasResource(rule.Resources, resource, "") || !has(rule.APIGroups, group) {
			continue
		}
		if len(rule.ResourceNames) == 0 {
			return written{all: true}
		}
		for _, name := range rule.ResourceNames {
			found.names[name] = true
		}
	}
	return found
}
