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
	coversWork  = 16 // what Covers takes for a word, and a look into a book
)

// coverage answers what rules do not cover. What it has no more work left for counts as not covered.
type coverage struct {
	left int
}

func newCoverage() *coverage { return &coverage{left: maxCoverage} }

// uncovered returns what of the permissions the rules of a book do not allow.
func (c *coverage) uncovered(permissions []Permission, by *book) []Permission {
	pieces := 0
	for i := range permissions {
		pieces += permissions[i].pieces()
	}
	if pieces > few {
		by.open()
	}
	var missing breakdown
	for i := range permissions {
		for _, p := range c.lookUp(&permissions[i], by) {
			c.hold(&missing, &p, by)
		}
	}
	return missing.merge()
}

// lookUp returns what is left of a permission when it has been looked up: all of it where there is nothing to look into.
func (c *coverage) lookUp(p *Permission, by *book) []Permission {
	about := by.about(p)
	if len(about) > 0 {
		c.left -= coversWork * p.pieces()
	}
	if len(about) == 0 || c.left < 0 {
		return []Permission{*p}
	}
	return left(p, about)
}

// hold adds to what is missing what of a permission is not covered by the rules that are not looked up.
func (c *coverage) hold(missing *breakdown, p *Permission, by *book) {
	candidates := c.candidates(p, by.rest, by.size)
	if len(candidates) == 0 {
		missing.addPermission(p)
		return
	}
	_, rest := validation.Covers(candidates, []rbacv1.PolicyRule{p.rule()})
	for j := range rest {
		missing.addRule(&rest[j])
	}
}

// candidates returns the rules that may cover a permission: none when there is no work left to find out.
func (c *coverage) candidates(p *Permission, by []rbacv1.PolicyRule, size int) []rbacv1.PolicyRule {
	if c.left -= size; c.left < 0 {
		return nil
	}
	candidates := about(p, by)
	if c.left -= coversWork * words(candidates) * p.pieces(); c.left < 0 {
		return nil
	}
	return candidates
}

// pieces is how many verbs on one object each a permission consists of.
func (p *Permission) pieces() int { return len(p.Verbs) * max(len(p.Names), 1) }

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
