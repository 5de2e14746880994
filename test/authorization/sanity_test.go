package authorization_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// mistakes are what somebody may get wrong who follows bindings to rules. Each makes another world, in which the right
// answers are those that he would give, or asks another question.
var mistakes = []struct {
	name   string
	world  func(*world)
	ask    func(*question)
	linked func(*graph)
}{
	{name: "wildcards of verbs are names", world: eachRule(func(r *rbacv1.PolicyRule) { r.Verbs = without(r.Verbs, "*") })},
	{name: "wildcards of API groups are names", world: eachRule(func(r *rbacv1.PolicyRule) { r.APIGroups = without(r.APIGroups, "*") })},
	{name: "wildcards of resources are names", world: eachRule(func(r *rbacv1.PolicyRule) { r.Resources = without(r.Resources, "*") })},
	{name: "*/exec is a name", world: eachRule(func(r *rbacv1.PolicyRule) {
		r.Resources = slices.DeleteFunc(r.Resources, func(resource string) bool { return strings.HasPrefix(resource, "*/") })
	})},
	{name: "pods/* is a wildcard", world: eachRule(func(r *rbacv1.PolicyRule) {
		if slices.Contains(r.Resources, "pods/*") {
			r.Resources = append(r.Resources, "pods/exec", "pods/log", "pods/status")
		}
	})},
	{name: "a resource includes its subresources", ask: func(q *question) { q.Subresource = "" }},
	{name: "API groups do not matter", world: eachRule(func(r *rbacv1.PolicyRule) { r.APIGroups = []string{"*"} })},
	{name: "resourceNames do not matter", world: eachRule(func(r *rbacv1.PolicyRule) { r.ResourceNames = nil })},
	{name: "* is a wildcard of resourceNames", world: eachRule(func(r *rbacv1.PolicyRule) {
		if slices.Contains(r.ResourceNames, "*") {
			r.ResourceNames = nil
		}
	})},
	{name: "verbs do not know case", ask: func(q *question) { q.Verb = strings.ToLower(q.Verb) }},
	{name: "impersonate includes impersonate:user-info", ask: func(q *question) { q.Verb, _, _ = strings.Cut(q.Verb, ":") }},
	{name: "the star of a path is a character", world: eachRule(func(r *rbacv1.PolicyRule) {
		for i := range r.NonResourceURLs {
			r.NonResourceURLs[i] = strings.TrimRight(r.NonResourceURLs[i], "*")
		}
	})},
	{name: "a path includes those below", world: eachRule(func(r *rbacv1.PolicyRule) {
		for i := range r.NonResourceURLs {
			r.NonResourceURLs[i] += "*"
		}
	})},
	{name: "namespaces do not matter", ask: func(q *question) { q.Namespace = "shop" }},
	{name: "only RoleBindings grant", world: func(w *world) { w.clusterBindings = nil }},
	{name: "only ClusterRoleBindings grant", world: func(w *world) { w.bindings = nil }},
	{name: "RoleBindings do not reach ClusterRoles", world: func(w *world) {
		w.bindings = slices.DeleteFunc(w.bindings, func(b rbacv1.RoleBinding) bool { return b.RoleRef.Kind == "ClusterRole" })
	}},
	{name: "the kind of a roleRef does not matter", linked: func(g *graph) {
		for _, b := range g.bindings {
			b.Role.Kind, b.Role.Namespace = "ClusterRole", ""
		}
	}},
	{name: "the namespace of a Role does not matter", linked: func(g *graph) {
		for _, namespace := range namespaces {
			for ref, r := range maps.Clone(g.roles) {
				if elsewhere := (workload.Ref{Group: ref.Group, Kind: ref.Kind, Namespace: namespace, Name: ref.Name}); ref.Kind == "Role" {
					g.roles[elsewhere] = r
				}
			}
		}
	}},
	{name: "groups do not count", world: eachSubject(func(_ string, s *rbacv1.Subject) bool { return s.Kind != rbacv1.GroupKind })},
	{name: "users are groups", ask: func(q *question) {
		if q.who.Kind == rbacv1.GroupKind {
			q.who.Kind = rbacv1.UserKind
		}
	}},
	{name: "ServiceAccounts have no user name", world: eachSubject(func(_ string, s *rbacv1.Subject) bool {
		return s.Kind != rbacv1.UserKind || !strings.HasPrefix(s.Name, accountPrefix)
	})},
	{name: "a ServiceAccount without namespace is none", world: eachSubject(func(_ string, s *rbacv1.Subject) bool {
		return s.Kind != rbacv1.ServiceAccountKind || s.Namespace != ""
	})},
	{name: "ServiceAccounts are those of the binding's namespace", world: eachSubject(func(namespace string, s *rbacv1.Subject) bool {
		if s.Kind == rbacv1.ServiceAccountKind && namespace != "" {
			s.Namespace = namespace
		}
		return true
	})},
	{name: "aggregated roles are empty", world: func(w *world) {
		for i := range w.clusterRoles {
			if w.clusterRoles[i].AggregationRule != nil {
				w.clusterRoles[i].Rules = nil
			}
		}
	}},
}

func eachRule(change func(*rbacv1.PolicyRule)) func(*world) {
	return func(w *world) {
		w.rules(func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			for i := range rules {
				change(&rules[i])
			}
			return rules
		})
	}
}

// eachSubject may change subjects, and keeps those for which keep is true.
func eachSubject(keep func(namespace string, s *rbacv1.Subject) bool) func(*world) {
	return func(w *world) {
		w.subjects(func(namespace string, subjects []rbacv1.Subject) []rbacv1.Subject {
			var kept []rbacv1.Subject
			for _, s := range subjects {
				if keep(namespace, &s) {
					kept = append(kept, s)
				}
			}
			return kept
		})
	}
}

func without(from []string, what string) []string {
	return slices.DeleteFunc(from, func(s string) bool { return s == what })
}

// A comparison that cannot fail compares nothing.
func TestTheQuestionsNoticeEachMistake(t *testing.T) {
	o := onServer(t)
	exchanges, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range mistakes {
		t.Run(mistake.name, func(t *testing.T) {
			w := o.world.deepCopy()
			if mistake.world != nil {
				mistake.world(&w)
			}
			a := newAsker(w)
			if mistake.linked != nil {
				mistake.linked(a.graph)
			}
			noticed := 0
			for _, e := range exchanges {
				if mistake.ask != nil {
					mistake.ask(&e.question)
				}
				if _, allowed := rbac.Allows(a.grants(e.who), e.Request); allowed != e.allowed {
					noticed++
				}
			}
			if t.Logf("%d wrong answers", noticed); noticed == 0 {
				t.Errorf("%d questions are answered alike all the same", len(exchanges))
			}
		})
	}
}

// A grant that is missing is noticed, if it was all that allowed what is asked.
func TestTheQuestionsNoticeAGrantThatIsMissing(t *testing.T) {
	o := onServer(t)
	exchanges, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	a := newAsker(o.world)
	tried, noticed := 0, 0
	for _, e := range exchanges {
		grants := a.grants(e.who)
		grant, allowed := rbac.Allows(grants, e.Request)
		if !allowed {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(grants), func(g rbac.Grant) bool { return g.Binding == grant.Binding })
		tried++
		if _, still := rbac.Allows(rest, e.Request); still != e.allowed {
			noticed++
		}
	}
	t.Logf("of %d grants that were taken away, %d were noticed", tried, noticed)
	if noticed*2 < tried || tried == 0 {
		t.Errorf("of %d grants that were taken away, only %d were noticed", tried, noticed)
	}
}
