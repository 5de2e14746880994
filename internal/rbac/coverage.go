package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// The work of a comparison is counted in words of rules that are looked at, and is bounded. Rules of people need a
// thousandth of it.
const (
	maxCoverage = 64 << 20
	coversWork  = 16 // what Covers takes for a word
)

// coverage answers what rules do not cover. What it has no more work left for counts as not covered.
type coverage struct {
	left int
}

func newCoverage() *coverage { return &coverage{left: maxCoverage} }

// uncovered returns what of the permissions the rules do not allow.
func (c *coverage) uncovered(permissions []Permission, by []rbacv1.PolicyRule) []Permission {
	var missing breakdown
	size := words(by)
	for i := range permissions {
		p := &permissions[i]
		candidates := c.candidates(p, by, size)
		if len(candidates) == 0 {
			missing.addPermission(p)
			continue
		}
		_, rest := validation.Covers(candidates, []rbacv1.PolicyRule{p.rule()})
		for j := range rest {
			missing.addRule(&rest[j])
		}
	}
	return missing.merge()
}

// candidates returns the rules that may cover a permission: none when there is no work left to find out.
func (c *coverage) candidates(p *Permission, by []rbacv1.PolicyRule, size int) []rbacv1.PolicyRule {
	if c.left -= size; c.left < 0 {
		return nil
	}
	candidates := about(p, by)
	if c.left -= coversWork * words(candidates) * len(p.Verbs) * max(len(p.Names), 1); c.left < 0 {
		return nil
	}
	return candidates
}

func words(rules []rbacv1.PolicyRule) int {
	n := len(rules)
	for i := range rules {
		rule := &rules[i]
		n += len(rule.Verbs) + len(rule.APIGroups) + len(rule.Resources) + len(rule.ResourceNames) + len(rule.NonResourceURLs)
	}
	return n
}

// about returns the rules that are about the target of a permission, each without what it says of others: a rule may be
// about resources and paths, which Covers would not tell apart.
func about(p *Permission, rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var found []rbacv1.PolicyRule
	for i := range rules {
		rule := &rules[i]
		switch {
		case p.isPath() && hasPath(plainPaths(rule.NonResourceURLs), p.Path):
			found = append(found, rbacv1.PolicyRule{Verbs: rule.Verbs, NonResourceURLs: []string{p.Path}})
		case !p.isPath() && has(rule.APIGroups, p.Group) && holds(rule.Resources, p.Resource):
			found = append(found, rbacv1.PolicyRule{
				Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames,
			})
		}
	}
	return found
}

// holds says whether a rule's resources hold another's, which may have a wildcard itself.
func holds(resources []string, of string) bool {
	slash := strings.IndexByte(of, '/')
	return slices.ContainsFunc(resources, func(r string) bool {
		return r == all || r == of || slash >= 0 && strings.HasPrefix(r, "*/") && r[1:] == of[slash:]
	})
}

func (d *breakdown) addPermission(p *Permission) {
	if p.isPath() {
		d.addPaths(p.Verbs, []string{p.Path})
		return
	}
	d.add(p.Verbs, []string{p.Group}, []string{p.Resource}, p.Names)
}
