package rbac

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Permission is what one breakdown of rules allows: verbs on one resource of one API group, or on one path.
type Permission struct {
	Verbs           []string // sorted; "*" stands alone
	Group, Resource string   // Resource holds the subresource: "pods/exec"; wildcards stay "*"
	Names           []string // sorted; none: all objects
	Path            string   // nonResourceURL, where Resource is empty; all paths are "*"
}

// Permissions returns all that rules allow: merged by group, resource and names, sorted, without what is said twice. Rules
// that are spelled differently and merge to the same are the same.
//
// A rule of a thousand resources in a thousand API groups would be a million permissions. Above 65,536 pieces, the longest
// lists of a rule are no longer broken down: "1000 resources (<hash>)" stands for them, and a wildcard in the list for itself.
func Permissions(rules []rbacv1.PolicyRule) []Permission {
	if len(rules) == 0 {
		return nil
	}
	var pieces breakdown
	for i := range rules {
		pieces.addRule(&rules[i])
	}
	return pieces.merge()
}

// String returns the canonical form, such as "create pods/exec", "get,list secrets", "* *.*", "patch deployments.apps",
// "update deployments.apps/scale", "get secrets[db,web]" or "get /metrics". Two permissions that differ never read the same:
// what could be taken for something else is quoted.
func (p Permission) String() string {
	var b strings.Builder
	b.Grow(64)
	writeList(&b, p.Verbs)
	b.WriteByte(' ')
	if p.isPath() {
		writePath(&b, p.Path)
		return b.String()
	}
	resource, subresource, sub := strings.Cut(p.Resource, "/")
	if strings.Contains(resource, ".") { // what follows would read like a group
		b.WriteString(strconv.Quote(resource))
	} else {
		writeWord(&b, resource)
	}
	if p.Group != "" {
		b.WriteByte('.')
		writeGroup(&b, p.Group)
	}
	if sub {
		b.WriteByte('/')
		writeWord(&b, subresource)
	}
	if len(p.Names) > 0 {
		b.WriteByte('[')
		writeList(&b, p.Names)
		b.WriteByte(']')
	}
	return b.String()
}

// everything is what a permission is called in sentences that has every verb on every resource.
const everything = "do everything"

// Words returns the permission as it follows "may" in a sentence: "do everything", or its canonical form.
func (p Permission) Words() string { return WordsOf(p.String()) }

// isEverything says whether it is every verb on every resource of every API group.
func (p *Permission) isEverything() bool {
	return p.Group == all && p.Resource == all && len(p.Names) == 0 && slices.Equal(p.Verbs, []string{all})
}

func writePath(b *strings.Builder, path string) {
	switch {
	case path == all:
		b.WriteString("/*")
	case path[0] == '/':
		writeWord(b, path)
	default: // it is no path, and must not read like a resource
		b.WriteString("path:")
		b.WriteString(strconv.Quote(path))
	}
}

func writeGroup(b *strings.Builder, group string) {
	if strings.Contains(group, "/") { // what follows would read like a subresource
		b.WriteString(strconv.Quote(group))
		return
	}
	writeWord(b, group)
}

func writeList(b *strings.Builder, list []string) {
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		writeWord(b, s)
	}
}

func writeWord(b *strings.Builder, s string) {
	if s != "" && strings.IndexFunc(s, separates) < 0 {
		b.WriteString(s)
		return
	}
	b.WriteString(strconv.Quote(s))
}

// separates says whether a character would end the word of a permission that it stands in.
func separates(r rune) bool {
	return r == ' ' || !unicode.IsPrint(r) || strings.ContainsRune(`,[]"`, r)
}

func (p *Permission) isPath() bool { return p.Path != "" && p.Resource == "" }

// rule returns the permission as a rule.
func (p Permission) rule() rbacv1.PolicyRule {
	if p.isPath() {
		return rbacv1.PolicyRule{Verbs: p.Verbs, NonResourceURLs: []string{p.Path}}
	}
	return rbacv1.PolicyRule{Verbs: p.Verbs, APIGroups: []string{p.Group}, Resources: []string{p.Resource}, ResourceNames: p.Names}
}

func comparePermissions(a, b Permission) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Group, b.Group), strings.Compare(a.Resource, b.Resource),
		compareLists(a.Names, b.Names), slices.Compare(a.Verbs, b.Verbs))
}
