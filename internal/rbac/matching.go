package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// The verbs of constrained impersonation (on by default since Kubernetes 1.36), as a Capability looks for them.
//
// ImpersonateAs are the verbs by which a subject may become another: impersonate:user-info, impersonate:serviceaccount,
// impersonate:arbitrary-node and impersonate:associated-node, on the users, groups, uids, userextras/*, serviceaccounts
// and nodes of the API group authentication.k8s.io. ImpersonateOn are those by which it may then do something, such as
// impersonate-on:user-info:get, on what it is done to. One without the other gives nothing.
//
// Source: apiserver/pkg/endpoints/filters/impersonation.
const (
	ImpersonateAs = "impersonate:*"
	ImpersonateOn = "impersonate-on:*"
)

// Capability is something that a check looks for: any of the verbs on any of the resources of the API group.
//
// A verb that ends in * stands for all verbs that begin so. A resource that ends in /* stands for all subresources of the
// resource. The group "*" is any group, and the resource "*" any resource.
type Capability struct {
	Verbs     []string
	Group     string // empty for the core group
	Resources []string
}

// Matching returns what the rules give of any of the capabilities; nil when nothing. Wildcards in the rules match as they
// do in the API server: "*/exec" gives pods/exec, and "*" in another API group gives nothing. What is returned are the
// verbs, group and resources of the capability; where the capability takes any that begin in some way, those of the rule, and its
// own where the rule has the wildcard. Names are kept.
//
// Where a rule names objects, verbs for which the API server knows no name are left out: a collection is never deleted by
// name, and an object is created by name only by who may also update or patch it. A list or watch by name is given, because a
// field selector for metadata.name makes it pass.
//
// Source: plugin/pkg/auth/authorizer/rbac of Kubernetes, RequestInfo in apiserver/pkg/endpoints/request.
func Matching(rules []rbacv1.PolicyRule, wanted []Capability) []Permission {
	var found breakdown
	w := writers{rules: rules}
	for i := range rules {
		for j := range wanted {
			if wanted[j].in(&rules[i]) {
				found.addMatch(&w, &rules[i], &wanted[j])
			}
		}
	}
	return found.merge()
}

// in says whether a rule gives any of the capability, names apart. Most rules give nothing, so it makes nothing.
func (c *Capability) in(rule *rbacv1.PolicyRule) bool {
	return c.groupIn(rule.APIGroups) &&
		slices.ContainsFunc(c.Resources, func(wanted string) bool { return resourceIn(wanted, rule.Resources) }) &&
		slices.ContainsFunc(c.Verbs, func(wanted string) bool { return verbIn(wanted, rule.Verbs) })
}

func (c *Capability) groupIn(groups []string) bool {
	return c.Group == all && len(groups) > 0 || has(groups, c.Group)
}

func verbIn(wanted string, verbs []string) bool {
	begin, some := strings.CutSuffix(wanted, "*")
	for _, verb := range verbs {
		if verb == all || verb == wanted || some && strings.HasPrefix(verb, begin) {
			return true
		}
	}
	return false
}

func resourceIn(wanted string, resources []string) bool {
	return slices.ContainsFunc(resources, func(resource string) bool { return resourceMatches(wanted, resource) })
}

// resourceMatches says whether a rule's resource gives one that is wanted, or some of it.
func resourceMatches(wanted, resource string) bool {
	switch {
	case wanted == all || resource == all || resource == wanted:
		return true
	case strings.HasPrefix(resource, "*/"):
		slash := strings.IndexByte(wanted, '/')
		return slash >= 0 && (wanted[slash:] == "/*" || wanted[slash:] == resource[1:])
	}
	begin, some := strings.CutSuffix(wanted, "/*")
	return some && strings.HasPrefix(resource, begin) && strings.HasPrefix(resource[len(begin):], "/")
}

// addMatch breaks down what a rule gives of a capability.
func (d *breakdown) addMatch(w *writers, rule *rbacv1.PolicyRule, c *Capability) {
	groups := []string{c.Group}
	if c.Group == all {
		groups = rule.APIGroups
	}
	var verbs, resources []string
	for _, wanted := range c.Verbs {
		verbs = appendVerbs(verbs, wanted, rule.Verbs)
	}
	for _, wanted := range c.Resources {
		resources = appendResources(resources, wanted, rule.Resources)
	}
	if len(rule.ResourceNames) == 0 {
		d.add(verbs, groups, resources, nil)
		return
	}
	d.addNamed(w, named{verbs: verbs, groups: groups, resources: resources, names: sorted(rule.ResourceNames)})
}

func appendVerbs(to []string, wanted string, verbs []string) []string {
	begin, some := strings.CutSuffix(wanted, "*")
	if slices.Contains(verbs, all) || !some {
		if verbIn(wanted, verbs) {
			to = append(to, wanted)
		}
		return to
	}
	for _, verb := range verbs {
		if strings.HasPrefix(verb, begin) {
			to = append(to, verb)
		}
	}
	return to
}

func appendResources(to []string, wanted string, resources []string) []string {
	parent, some := strings.CutSuffix(wanted, "/*")
	if !some && wanted != all || slices.Contains(resources, all) {
		if resourceIn(wanted, resources) {
			to = append(to, wanted)
		}
		return to
	}
	for _, resource := range resources {
		if !resourceMatches(wanted, resource) {
			continue
		}
		if sub, ok := strings.CutPrefix(resource, "*/"); ok && some {
			resource = parent + "/" + sub
		}
		to = append(to, resource)
	}
	return to
}
