package checks

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/rbac"
)

// ceilings are what a baseline lets one subject hold.
type ceilings struct {
	all []v1alpha1.PermissionCeiling
	who rbac.Subject
	// left is how many more rules of ceilings hold asks.
	left int
}

// maxAsked is how many rules of ceilings are asked before rbac.Excess is, which breaks them down first. Thousands of bindings may
// grant a subject roles of thousands of rules, each of which asks.
const maxAsked = 1 << 16

// over says whether a ceiling is one of the subject.
func (c *ceilings) over(ceiling *v1alpha1.PermissionCeiling) bool {
	return chosen(ceiling.Subjects, c.who)
}

// named says whether there is a ceiling over the subject.
func (c *ceilings) named() bool {
	for i := range c.all {
		if c.over(&c.all[i]) {
			return true
		}
	}
	return false
}

// compiled returns the ceilings of the subject as rbac.Excess takes them.
func (c *ceilings) compiled() []rbac.Ceiling {
	var compiled []rbac.Ceiling
	for i := range c.all {
		if !c.over(&c.all[i]) {
			continue
		}
		var ceiling rbac.Ceiling
		for _, namespace := range c.all[i].Namespaces {
			ceiling.Namespaces = append(ceiling.Namespaces, string(namespace))
		}
		for j := range c.all[i].Rules {
			rule := &c.all[i].Rules[j]
			ceiling.Rules = append(ceiling.Rules, rbacv1.PolicyRule{
				Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames,
				NonResourceURLs: rule.NonResourceURLs,
			})
		}
		compiled = append(compiled, ceiling)
	}
	return compiled
}

// hold says whether the subject surely holds no more than its ceilings allow. Nearly every subject does, and here it costs
// nothing to say so. Where the answer is no, rbac.Excess says what is too much, which may still be nothing.
func (c *ceilings) hold(grants []rbac.Grant) bool {
	c.left = maxAsked
	for i := range grants {
		namespace, rules := grants[i].Binding.Namespace(), grants[i].Role.Rules
		for j := range rules {
			if !c.holdRule(&rules[j], namespace) {
				return false
			}
		}
	}
	return true
}

// holdRule looks at each verb on each resource of a rule that is granted in a namespace; empty for the whole cluster.
func (c *ceilings) holdRule(rule *rbacv1.PolicyRule, namespace string) bool {
	if !short(rule) {
		return false
	}
	for _, verb := range rule.Verbs {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				given, gives := verb, true
				if namespace != "" {
					given, gives = rbac.InNamespace(verb, group, resource)
				}
				if gives && !c.holdNames(given, group, resource, rule.ResourceNames, namespace) {
					return false
				}
			}
		}
	}
	return namespace != "" || c.holdPaths(rule)
}

// short says whether a rule is no longer than people write.
func short(rule *rbacv1.PolicyRule) bool {
	const many = 1024
	pieces := 1
	for _, n := range [...]int{len(rule.Verbs), len(rule.APIGroups), len(rule.Resources), len(rule.ResourceNames), len(rule.NonResourceURLs)} {
		if pieces *= max(n, 1); pieces > many {
			return false
		}
	}
	return true
}

func (c *ceilings) holdNames(verb, group, resource string, names []string, namespace string) bool {
	covers := func(rule *v1alpha1.PermissionRule, name string, named bool) bool {
		return lists(rule.Verbs, verb) && lists(rule.APIGroups, group) && listsResource(rule.Resources, resource) &&
			(len(rule.ResourceNames) == 0 || named && slices.Contains(rule.ResourceNames, name))
	}
	if len(names) == 0 {
		return c.some(namespace, func(rule *v1alpha1.PermissionRule) bool { return covers(rule, "", false) })
	}
	for _, name := range names {
		if !c.some(namespace, func(rule *v1alpha1.PermissionRule) bool { return covers(rule, name, true) }) {
			return false
		}
	}
	return true
}

func (c *ceilings) holdPaths(granted *rbacv1.PolicyRule) bool {
	for _, verb := range granted.Verbs {
		for _, path := range granted.NonResourceURLs {
			if !c.some("", func(rule *v1alpha1.PermissionRule) bool {
				return lists(rule.Verbs, verb) && listsPath(rule.NonResourceURLs, path)
			}) {
				return false
			}
		}
	}
	return true
}

// some says whether a rule of the subject's ceilings over a namespace is as asked for. It is false when enough have been asked.
func (c *ceilings) some(namespace string, asked func(*v1alpha1.PermissionRule) bool) bool {
	for i := range c.all {
		ceiling := &c.all[i]
		if c.left -= 1 + len(ceiling.Namespaces); c.left < 0 {
			return false
		}
		if len(ceiling.Namespaces) > 0 && (namespace == "" || !glob.MatchAny(ceiling.Namespaces, namespace)) || !c.over(ceiling) {
			continue
		}
		for j := range ceiling.Rules {
			c.left--
			if asked(&ceiling.Rules[j]) {
				return true
			}
		}
	}
	return false
}

func lists(list []string, word string) bool {
	return slices.Contains(list, rbacv1.VerbAll) || slices.Contains(list, word)
}

// listsResource says whether resources hold another, which may be a wildcard itself: */exec holds pods/exec, and */exec.
func listsResource(resources []string, resource string) bool {
	if lists(resources, resource) {
		return true
	}
	slash := strings.IndexByte(resource, '/')
	return slash >= 0 && slices.ContainsFunc(resources, func(s string) bool {
		return strings.HasPrefix(s, "*/") && s[1:] == resource[slash:]
	})
}

// listsPath says whether paths hold another, which may be a pattern itself.
func listsPath(paths []string, path string) bool {
	return slices.ContainsFunc(paths, func(s string) bool {
		return s == path || strings.HasSuffix(s, "*") && strings.HasPrefix(path, strings.TrimRight(s, "*"))
	})
}
