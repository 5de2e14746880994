package rbac

import (
	"iter"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/glob"
)

// Ceiling is what a subject may hold at most.
type Ceiling struct {
	Rules []rbacv1.PolicyRule
	// Namespaces are where, as names with * globs; none: in the whole cluster, and so in every namespace too.
	Namespaces []string
}

// Exceeding is a permission that a grant gives and no ceiling covers.
type Exceeding struct {
	Grant      Grant
	Permission Permission
}

// Excess goes over what the grants give and no ceiling covers: in the order of the grants, one for each binding and
// permission. What several ceilings cover together is covered. What is granted in the whole cluster only ceilings of the whole
// cluster cover; what a RoleBinding grants on paths and on resources that are in no namespace is no grant.
//
// A role that is too large to break down or to compare (see Permissions) exceeds with what is left of it. Of a subject that
// exceeds in more than 10,000 ways, what each further grant gives is told together.
//
// Source: component-helpers/auth/rbac/validation of Kubernetes, by which the API server prevents escalation.
func Excess(grants []Grant, ceilings []Ceiling) iter.Seq[Exceeding] {
	return func(yield func(Exceeding) bool) {
		var last *Binding
		told, judge := 0, newExcess(ceilings)
		for _, grant := range grants {
			if last != nil && grant.Binding.Ref == last.Ref {
				continue // the binding names a group of the subject as well
			}
			last = grant.Binding
			for _, p := range judge.of(grant).within(maxExceeding - told) {
				told++
				if !yield(Exceeding{Grant: grant, Permission: p}) {
					return
				}
			}
		}
	}
}

// maxExceeding bounds what is told one by one of a subject. What every further grant gives is told together.
const maxExceeding = 10_000

// excess remembers what it found, because many namespaces grant the same role under the same ceilings: each role is broken down
// once, and so are the ceilings that are over the same namespaces.
type excess struct {
	cover    *coverage
	ceilings []Ceiling
	given    map[givenKey][]Permission
	books    map[string]*book
	found    map[excessKey]*surplus
}

type givenKey struct {
	role   *Role
	within bool // a namespace
}

type excessKey struct {
	role *Role
	over string // a byte for each ceiling, and one for the whole cluster
}

func newExcess(ceilings []Ceiling) *excess {
	return &excess{
		cover: newCoverage(), ceilings: ceilings,
		given: map[givenKey][]Permission{}, books: map[string]*book{}, found: map[excessKey]*surplus{},
	}
}

// surplus is what a role gives in excess.
type surplus struct {
	permissions, together []Permission
}

func (s *surplus) within(room int) []Permission {
	if len(s.permissions) <= max(room, 1) {
		return s.permissions
	}
	if s.together == nil {
		s.together = []Permission{together(s.permissions)}
	}
	return s.together
}

// together stands for permissions that are too many to be told: "8000 permissions (<hash>)".
func together(permissions []Permission) Permission {
	var verbs, texts []string
	for _, p := range permissions {
		verbs = append(verbs, p.Verbs...)
		texts = append(texts, p.String())
	}
	if verbs = sorted(verbs); len(verbs) > minPieces {
		verbs = summary(verbs, "verbs")
	}
	return Permission{Verbs: absorb(verbs), Resource: summary(texts, "permissions")[0]}
}

func (e *excess) of(grant Grant) *surplus {
	namespace := grant.Binding.Namespace()
	key := excessKey{role: grant.Role, over: e.over(namespace)}
	if found, ok := e.found[key]; ok {
		return found
	}
	e.found[key] = &surplus{permissions: e.cover.uncovered(e.gives(grant.Role, namespace != ""), e.book(key.over))}
	return e.found[key]
}

// gives returns what a role gives, in a namespace or in the whole cluster.
func (e *excess) gives(role *Role, within bool) []Permission {
	key := givenKey{role, within}
	given, known := e.given[key]
	switch {
	case known:
		return given
	case within:
		given = InNamespaces(e.gives(role, false))
	default:
		given = Permissions(role.Rules)
	}
	e.given[key] = given
	return given
}

// book returns what those ceilings allow that are over a namespace.
func (e *excess) book(over string) *book {
	if known := e.books[over]; known != nil {
		return known
	}
	var rules []rbacv1.PolicyRule
	for i := range e.ceilings {
		if over[i] == covers {
			rules = append(rules, e.ceilings[i].Rules...)
		}
	}
	e.books[over] = newBook(rules)
	return e.books[over]
}

// covers marks a ceiling that is over a namespace.
const covers byte = 1

// over says which ceilings are over a namespace; empty for the whole cluster.
func (e *excess) over(namespace string) string {
	over := make([]byte, len(e.ceilings)+1)
	for i := range e.ceilings {
		namespaces := e.ceilings[i].Namespaces
		if len(namespaces) == 0 || namespace != "" && glob.MatchAny(namespaces, namespace) {
			over[i] = covers
		}
	}
	if namespace == "" {
		over[len(e.ceilings)] = covers
	}
	return string(over)
}

// MayWords says what a subject may do beyond its ceilings, and through what: "ServiceAccount shop/api may create pods/exec
// in namespace shop, through RoleBinding debug and Role debug". What a ClusterRoleBinding grants holds in every namespace,
// and of paths and resources that are in no namespace none is named. Who may do everything may in the whole cluster.
func MayWords(s Subject, e Exceeding) string {
	var b strings.Builder
	b.WriteString(s.String() + " may " + e.Permission.Words())
	switch namespace := e.Grant.Binding.Namespace(); {
	case namespace != "":
		b.WriteString(" in namespace " + namespace)
	case e.Permission.isEverything():
		b.WriteString(" in the whole cluster")
	case !e.Permission.ClusterScoped():
		b.WriteString(" in every namespace")
	}
	b.WriteString(", through " + e.Grant.WordsFor(s))
	return b.String()
}
