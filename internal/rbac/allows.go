package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// all is the wildcard of verbs, API groups, resources and paths. It stands alone: RBAC knows no other pattern than
// "*/subresource" and a path that ends in *.
const all = rbacv1.VerbAll

// Request is a question to the authorizer: may the verb be used on a resource, or on a path where Resource is empty?
type Request struct {
	Verb, Group, Resource, Subresource, Name, Namespace, Path string
}

// Allows says whether one of the grants allows the request, and which, exactly as the API server's RBAC authorizer
// answers. A RoleBinding allows nothing outside its namespace, so no path, and nothing on what is in none.
//
// Source: RuleAllows in plugin/pkg/auth/authorizer/rbac of Kubernetes.
func Allows(grants []Grant, r Request) (Grant, bool) {
	for _, grant := range grants {
		if namespace := grant.Binding.Namespace(); namespace != "" && (r.Resource == "" || namespace != r.Namespace) {
			continue
		}
		for i := range grant.Role.Rules {
			if ruleAllows(&grant.Role.Rules[i], &r) {
				return grant, true
			}
		}
	}
	return Grant{}, false
}

func ruleAllows(rule *rbacv1.PolicyRule, r *Request) bool {
	if !has(rule.Verbs, r.Verb) {
		return false
	}
	if r.Resource == "" {
		return hasPath(rule.NonResourceURLs, r.Path)
	}
	return has(rule.APIGroups, r.Group) && hasResource(rule.Resources, r.Resource, r.Subresource) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, r.Name))
}

// has says whether a list of verbs or of API groups contains one, or the wildcard.
func has(list []string, wanted string) bool {
	for _, s := range list {
		if s == all || s == wanted {
			return true
		}
	}
	return false
}

// hasResource says whether a rule's resources contain a resource and its subresource, which may be empty. "*/exec" is
// the exec of all resources; "pods/*" is nothing but a subresource that is called so.
func hasResource(list []string, resource, subresource string) bool {
	for _, s := range list {
		if s == all || isResource(s, resource, subresource) {
			return true
		}
		if sub, ok := strings.CutPrefix(s, "*/"); ok && subresource != "" && sub == subresource {
			return true
		}
	}
	return false
}

func isResource(s, resource, subresource string) bool {
	if subresource == "" {
		return s == resource
	}
	return len(s) == len(resource)+1+len(subresource) && s[len(resource)] == '/' &&
		strings.HasPrefix(s, resource) && strings.HasSuffix(s, subresource)
}

func hasPath(list []string, path string) bool {
	for _, s := range list {
		if s == path || strings.HasSuffix(s, "*") && strings.HasPrefix(path, strings.TrimRight(s, "*")) {
			return true
		}
	}
	return false
}
