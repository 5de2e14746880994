package authorization_test

import (
	"fmt"
	"regexp"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

// question asks whether somebody may do something.
type question struct {
	who rbacv1.Subject // a ServiceAccount with its namespace, a User or a Group
	rbac.Request
}

func (q question) String() string {
	who := q.who.Kind + " " + q.who.Name
	if q.who.Kind == rbacv1.ServiceAccountKind {
		who = q.who.Kind + " " + q.who.Namespace + "/" + q.who.Name
	}
	if q.Resource == "" {
		return fmt.Sprintf("%s: %q on path %q", who, q.Verb, q.Path)
	}
	return fmt.Sprintf("%s: %q on resource %q, subresource %q of group %q, named %q, in namespace %q",
		who, q.Verb, q.Resource, q.Subresource, q.Group, q.Name, q.Namespace)
}

const accountPrefix = "system:serviceaccount:"

var accountName = regexp.MustCompile(`^` + accountPrefix + `([a-z0-9-]+):([a-z0-9.-]+)$`)

// identity returns who asks as authentication names him: the user, and the groups that he is always in.
// TestGroupsAreThoseOfAuthentication holds it against the API server.
func identity(who rbacv1.Subject) (name string, in []string) {
	if who.Kind == rbacv1.GroupKind {
		return "", []string{who.Name}
	}
	name = who.Name
	if who.Kind == rbacv1.ServiceAccountKind {
		name = accountPrefix + who.Namespace + ":" + who.Name
	}
	if name == "system:anonymous" {
		return name, []string{"system:unauthenticated"}
	}
	if parts := accountName.FindStringSubmatch(name); parts != nil {
		in = []string{"system:serviceaccounts", "system:serviceaccounts:" + parts[1]}
	}
	return name, append(in, "system:authenticated")
}

// ask makes the question of a number, mostly from a rule that somebody has. In two of three, something is changed then,
// which often is allowed all the same.
func ask(seed, number uint64, w world) question {
	g := newGenerator(seed, number+1)
	if g.oneIn(12) {
		return question{g.anybody(), g.anything()}
	}
	q := g.granted(w)
	if g.oneIn(3) {
		return q
	}
	for range 1 + g.IntN(2) {
		if q.Resource == "" {
			pick(g, pathChanges)(g, &q)
		} else {
			pick(g, resourceChanges)(g, &q)
		}
	}
	return q
}

// granted asks for what a rule of a binding's role grants to one of its subjects.
func (g *generator) granted(w world) question {
	for {
		var (
			ref       rbacv1.RoleRef
			subjects  []rbacv1.Subject
			namespace string
		)
		if i := g.IntN(len(w.bindings) + len(w.clusterBindings)); i < len(w.bindings) {
			b := w.bindings[i]
			ref, subjects, namespace = b.RoleRef, b.Subjects, b.Namespace
		} else {
			b := w.clusterBindings[i-len(w.bindings)]
			ref, subjects = b.RoleRef, b.Subjects
		}
		rules := w.rulesOf(ref, namespace)
		if rules == nil { // a Role of that name in another namespace
			rules = w.rulesOf(ref, pick(g, namespaces))
		}
		if len(subjects) == 0 || len(rules) == 0 {
			continue
		}
		r := g.request(pick(g, rules))
		if r.Resource != "" {
			r.Namespace = namespace
			if namespace == "" && !g.oneIn(3) {
				r.Namespace = pick(g, namespaces)
			}
		}
		return question{g.somebody(pick(g, subjects), namespace), r}
	}
}

// rulesOf are those of the role that a binding in the namespace names.
func (w world) rulesOf(ref rbacv1.RoleRef, namespace string) []rbacv1.PolicyRule {
	for i := range w.roles {
		if r := &w.roles[i]; ref.Kind == "Role" && r.Namespace == namespace && r.Name == ref.Name {
			return r.Rules
		}
	}
	for i := range w.clusterRoles {
		if r := &w.clusterRoles[i]; ref.Kind == "ClusterRole" && r.Name == ref.Name {
			return r.Rules
		}
	}
	return nil
}

// word is one of a list, or what it seems to be.
func (g *generator) word(from []string) string {
	word := pick(g, from)
	if seems, odd := seeming[word]; odd && g.oneIn(2) {
		return seems
	}
	return word
}

// request is one that the rule allows, or seems to allow.
func (g *generator) request(rule rbacv1.PolicyRule) rbac.Request {
	r := rbac.Request{Verb: g.word(rule.Verbs)}
	if r.Verb == rbacv1.VerbAll && !g.oneIn(8) {
		r.Verb = pick(g, verbs)
	}
	if len(rule.NonResourceURLs) > 0 {
		r.Path = g.path(g.word(rule.NonResourceURLs))
		return r
	}
	if r.Group = pick(g, rule.APIGroups); r.Group == rbacv1.APIGroupAll && !g.oneIn(8) {
		r.Group = pick(g, apiGroups)
	}
	switch resource := g.word(rule.Resources); {
	case resource == rbacv1.ResourceAll && !g.oneIn(8):
		r.Resource, r.Subresource = pick(g, resources), pick(g, append(subresources, "", "", "", "", ""))
	case strings.HasPrefix(resource, "*/") && !g.oneIn(8):
		r.Resource, r.Subresource = pick(g, resources), strings.TrimPrefix(resource, "*/")
	default:
		r.Resource, r.Subresource, _ = strings.Cut(resource, "/")
	}
	if r.Resource == "" { // that of "/exec" cannot be asked for
		r.Resource = pick(g, resources)
	}
	if len(rule.ResourceNames) > 0 {
		r.Name = pick(g, rule.ResourceNames)
	} else if g.oneIn(2) {
		r.Name = pick(g, names)
	}
	return r
}

// path is one that the pattern covers.
func (g *generator) path(pattern string) string {
	if !strings.HasSuffix(pattern, "*") || g.oneIn(8) {
		return pattern
	}
	return strings.TrimRight(pattern, "*") + pick(g, []string{"", "x", "etcd", "/v1", "v1/pods"})
}

// somebody is a subject of a binding in the namespace, or somebody in the group that it is.
func (g *generator) somebody(s rbacv1.Subject, namespace string) rbacv1.Subject {
	switch {
	case s.Kind == rbacv1.ServiceAccountKind && s.Namespace == "":
		return account(namespace, s.Name)
	case s.Kind != rbacv1.GroupKind || g.oneIn(3):
		return s
	case s.Name == "system:unauthenticated":
		return user("system:anonymous")
	case s.Name == "system:authenticated":
		return g.anybody()
	case s.Name == "system:serviceaccounts":
		return account(pick(g, namespaces), pick(g, accounts))
	}
	if of, found := strings.CutPrefix(s.Name, "system:serviceaccounts:"); found {
		return account(of, pick(g, accounts))
	}
	return s
}

func (g *generator) anybody() rbacv1.Subject {
	switch g.IntN(5) {
	case 0:
		return group(pick(g, groups))
	case 1:
		return user(pick(g, people))
	}
	return account(pick(g, namespaces), pick(g, accounts))
}

func (g *generator) anything() rbac.Request {
	if g.oneIn(5) {
		return rbac.Request{Verb: pick(g, verbs), Path: pick(g, paths)}
	}
	r := g.request(g.rule())
	r.Namespace = pick(g, append(namespaces, ""))
	return r
}

// changes make another question of one.
type change func(*generator, *question)

var (
	anyChanges = []change{
		func(g *generator, q *question) { q.who = g.anybody() },
		func(g *generator, q *question) { q.Verb = pick(g, verbs) },
		func(g *generator, q *question) { q.Verb = pick(g, append(oddVerbs, strings.ToUpper(q.Verb), "*", "")) },
	}
	pathChanges = append([]change{
		func(g *generator, q *question) { q.Path = pick(g, paths) },
		func(g *generator, q *question) { q.Path = pick(g, oddPaths) },
		func(_ *generator, q *question) { q.Path += "/x" },
		func(_ *generator, q *question) { q.Path = strings.TrimSuffix(q.Path, "/") },
		func(_ *generator, q *question) { q.Path = "/" + q.Path },
		func(_ *generator, q *question) { q.Path = q.Path[:len(q.Path)/2] },
	}, anyChanges...)
	resourceChanges = append([]change{
		func(g *generator, q *question) { q.Namespace = pick(g, append(namespaces, "")) },
		func(g *generator, q *question) { q.Namespace = pick(g, append(namespaces, "")) },
		func(g *generator, q *question) { q.Group = pick(g, append(apiGroups, "*")) },
		func(g *generator, q *question) {
			q.Resource = pick(g, append(resources, "*", strings.ToUpper(q.Resource)))
		},
		func(g *generator, q *question) { q.Subresource = pick(g, append(subresources, "*", "deep/er")) },
		func(_ *generator, q *question) { q.Subresource = "" },
		func(g *generator, q *question) { q.Name = pick(g, names) },
		func(_ *generator, q *question) { q.Name = "" },
		func(_ *generator, q *question) { // the server does not take it apart
			q.Resource, q.Subresource = strings.TrimSuffix(q.Resource+"/"+q.Subresource, "/"), ""
		},
	}, anyChanges...)
)
