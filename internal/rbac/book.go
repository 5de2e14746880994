package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// few is how many verbs on one object each are held against every rule. For more, the rules are broken down first, and looked up.
const few = 64

// book is rules that permissions are held against.
type book struct {
	rules []rbacv1.PolicyRule
	// allowed is what they allow, once it is to be looked up. rest are the rules that are gone through: all until then, and
	// afterwards those that are too large to be broken down.
	allowed map[target]allowed
	rest    []rbacv1.PolicyRule
	size    int   // words of rest
	lengths []int // of the paths that are patterns, without their *
}

// allowed are the names of the objects of a target by verb: all objects where there are none.
type allowed map[string][]string

func newBook(rules []rbacv1.PolicyRule) *book {
	return &book{rules: rules, rest: rules, size: words(rules)}
}

// open breaks the rules down. Each permission is then held against what is said of its target alone.
func (b *book) open() {
	if b.allowed != nil {
		return
	}
	var d breakdown
	b.allowed, b.rest = map[target]allowed{}, nil
	for i := range b.rules {
		if d.holds(&b.rules[i]) {
			d.addRule(&b.rules[i])
		} else {
			b.rest = append(b.rest, b.rules[i])
		}
	}
	b.size = words(b.rest)
	slices.SortFunc(d.pieces, comparePieces)
	for _, p := range mergeNames(d.pieces) {
		at := target{p.path, p.group, p.resource}
		if b.allowed[at] == nil {
			b.allowed[at] = allowed{}
			if begin, pattern := strings.CutSuffix(p.path, "*"); pattern {
				b.lengths = append(b.lengths, len(begin))
			}
		}
		b.allowed[at][p.verb] = p.names
	}
	slices.Sort(b.lengths)
	b.lengths = slices.Compact(b.lengths)
}

// holds says whether there is room for all the pieces of a rule.
func (d *breakdown) holds(rule *rbacv1.PolicyRule) bool {
	room := maxPieces - d.spent
	of := product([]factor{{of: &rule.ResourceNames}, {of: &rule.APIGroups}, {of: &rule.Resources}, {of: &rule.Verbs}}, room)
	return of+product([]factor{{of: &rule.NonResourceURLs}, {of: &rule.Verbs}}, room) <= room
}

// about returns what is said of the target of a permission, be it by wildcards.
func (b *book) about(p *Permission) []allowed {
	var found []allowed
	add := func(at target) {
		if said := b.allowed[at]; said != nil {
			found = append(found, said)
		}
	}
	if p.isPath() {
		add(target{path: p.Path})
		for _, n := range b.lengths {
			if pattern := p.Path[:min(n, len(p.Path))] + "*"; n <= len(p.Path) && pattern != p.Path {
				add(target{path: pattern})
			}
		}
		return found
	}
	resources := []string{p.Resource, all}
	if slash := strings.IndexByte(p.Resource, '/'); slash >= 0 {
		resources = append(resources, "*"+p.Resource[slash:])
	}
	for _, resource := range resources {
		add(target{group: p.Group, resource: resource})
		add(target{group: all, resource: resource})
	}
	return found
}

// beyond returns which of the names, or of all objects where there are none, a verb is not allowed on: nothing where it is on all.
func (a allowed) beyond(verb string, names []string) (left []string, some bool) {
	held, is := a[verb]
	switch {
	case !is:
		return names, true
	case len(held) == 0:
		return nil, false
	case len(names) == 0:
		return nil, true
	}
	for _, name := range names {
		if _, found := slices.BinarySearch(held, name); !found {
			left = append(left, name)
		}
	}
	return left, len(left) > 0
}

// left returns what is left of a permission that parts of a book speak of, verb by verb.
func left(p *Permission, about []allowed) []Permission {
	var rest []Permission
	for _, verb := range p.Verbs {
		names, some := p.Names, true
		for _, said := range about {
			if some {
				names, some = said.beyond(verb, names)
			}
			if some {
				names, some = said.beyond(all, names)
			}
		}
		if some {
			rest = append(rest, Permission{Verbs: []string{verb}, Group: p.Group, Resource: p.Resource, Path: p.Path, Names: names})
		}
	}
	return rest
}
