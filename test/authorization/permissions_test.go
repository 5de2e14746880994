package authorization_test

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/discovery"

	"plumbline.dev/plumbline/internal/rbac"
)

// askable says whether there are requests as the question has it: every path begins with a slash, and no resource has one.
func askable(q question) bool {
	if q.Resource == "" {
		return strings.HasPrefix(q.Path, "/")
	}
	return !strings.Contains(q.Resource, "/")
}

func ruleOf(p rbac.Permission) rbacv1.PolicyRule {
	if p.Resource == "" && p.Path != "" {
		return rbacv1.PolicyRule{Verbs: p.Verbs, NonResourceURLs: []string{p.Path}}
	}
	return rbacv1.PolicyRule{Verbs: p.Verbs, APIGroups: []string{p.Group}, Resources: []string{p.Resource}, ResourceNames: p.Names}
}

func rulesOf(permissions []rbac.Permission) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, p := range permissions {
		rules = append(rules, ruleOf(p))
	}
	return rules
}

// What is said of rules must be all of what they allow, and nothing more.
func TestPermissionsAllowWhatTheRulesDo(t *testing.T) {
	o := onServer(t)
	exchanges, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	said := o.world.deepCopy()
	said.rules(func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule { return rulesOf(rbac.Permissions(rules)) })
	a := newAsker(said)
	wrong := 0
	for _, e := range exchanges {
		if _, allowed := rbac.Allows(a.grants(e.who), e.Request); askable(e.question) && allowed != e.allowed {
			if wrong++; wrong <= shown {
				t.Errorf("%s\n\tthe API server says %t (%s), the permissions of the rules say %t", e.question, e.allowed, e.reason, allowed)
			}
		}
	}
	t.Logf("%d questions, wrong: %d", len(exchanges), wrong)
}

// A check finds a permission exactly where the API server would allow what it looks for, among requests that are made:
// creations and deletions of collections have no name.
func TestMatchingFindsWhatTheAPIServerAllows(t *testing.T) {
	o := onServer(t)
	exchanges, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	a := newAsker(o.world)
	compared, wrong := 0, 0
	for _, e := range exchanges {
		if !askable(e.question) || e.Resource == "" || strings.Contains(e.Verb+e.Group+e.Resource+e.Subresource, "*") ||
			e.Name != "" && slices.Contains([]string{"create", "deletecollection"}, e.Verb) {
			continue
		}
		compared++
		want := e.allowed || seesAll(a.grants(e.who), e.Request)
		if found := matches(a.grants(e.who), e.Request); found != want {
			if wrong++; wrong <= shown {
				t.Errorf("%s\n\tthe API server says %t (%s), matching says %t", e.question, e.allowed, e.reason, found)
			}
		}
	}
	t.Logf("%d questions, wrong: %d", compared, wrong)
}

// seesAll says whether an object is seen in a list of all, whether or not it may be listed by its name.
func seesAll(grants []rbac.Grant, r rbac.Request) bool {
	if r.Verb != "list" && r.Verb != "watch" {
		return false
	}
	r.Name = ""
	_, allowed := rbac.Allows(grants, r)
	return allowed
}

func matches(grants []rbac.Grant, r rbac.Request) bool {
	wanted := []rbac.Capability{{Verbs: []string{r.Verb}, Group: r.Group, Resources: []string{strings.TrimSuffix(r.Resource+"/"+r.Subresource, "/")}}}
	for _, grant := range grants {
		if in := grant.Binding.Namespace(); in != "" && in != r.Namespace {
			continue
		}
		for _, p := range rbac.Matching(grant.Role.Rules, wanted) {
			if len(p.Names) == 0 || slices.Contains(p.Names, r.Name) {
				return true
			}
		}
	}
	return false
}

// What the API server allows is under a ceiling or in excess, and what is in excess is under none.
func TestExcessIsWhatNoCeilingAllows(t *testing.T) {
	o := onServer(t)
	exchanges, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	a := newAsker(o.world)
	g := newGenerator(*seed, 0)
	judged := map[rbacv1.Subject]judgement{}
	allowed, over, wrong := 0, 0, 0
	for _, e := range exchanges {
		if !e.allowed || !askable(e.question) || e.Namespace != "" && clusterScoped(e.Request) {
			continue
		}
		j, known := judged[e.who]
		if !known {
			j = judge(g, a.grants(e.who))
			judged[e.who] = j
			for _, said := range j.falseAlarms() {
				t.Errorf("%s %s: %s", e.who.Kind, e.who.Name, said)
			}
		}
		allowed++
		grant, _ := rbac.Allows(a.grants(e.who), e.Request)
		if j.underCeiling(grant, e.Request) {
			continue
		}
		if over++; !j.inExcess(grant, e.Request) {
			if wrong++; wrong <= shown {
				t.Errorf("%s\n\tno ceiling allows it, the API server does (%s), and it is not in excess", e.question, e.reason)
			}
		}
	}
	t.Logf("%d subjects, %d allowed questions, %d above the ceiling, missed: %d", len(judged), allowed, over, wrong)
	if over*5 < allowed || over*5 > allowed*4 {
		t.Errorf("of %d allowed questions, %d are above the ceiling: both must be frequent", allowed, over)
	}
}

func clusterScoped(r rbac.Request) bool {
	return rbac.Permission{Group: r.Group, Resource: r.Resource}.ClusterScoped()
}

// judgement is a subject held against ceilings.
type judgement struct {
	ceilings []rbac.Ceiling
	excess   []rbac.Exceeding
}

// judge makes ceilings of some of what the subject holds.
func judge(g *generator, grants []rbac.Grant) judgement {
	var ceilings []rbac.Ceiling
	for _, grant := range grants {
		for _, rule := range grant.Role.Rules {
			if g.oneIn(3) {
				continue
			}
			ceiling := rbac.Ceiling{Rules: []rbacv1.PolicyRule{*rule.DeepCopy()}}
			if in := grant.Binding.Namespace(); in != "" {
				ceiling.Namespaces = pick(g, [][]string{{in}, {in, "nowhere"}, {in[:2] + "*"}, {"nowhere"}, nil})
			}
			if verbs := rule.Verbs; len(verbs) > 1 && g.oneIn(3) {
				ceiling.Rules[0].Verbs = verbs[1:]
			}
			ceilings = append(ceilings, ceiling)
		}
	}
	return judgement{ceilings, slices.Collect(rbac.Excess(grants, ceilings))}
}

// underCeiling says whether a ceiling that is over the grant allows the request.
func (j judgement) underCeiling(grant rbac.Grant, r rbac.Request) bool {
	in := grant.Binding.Namespace()
	return slices.ContainsFunc(j.ceilings, func(c rbac.Ceiling) bool {
		over := c.Namespaces == nil || in != "" && slices.ContainsFunc(c.Namespaces, func(name string) bool {
			begin, glob := strings.CutSuffix(name, "*")
			return name == in || glob && strings.HasPrefix(in, begin)
		})
		return over && allows(c.Rules, r)
	})
}

func (j judgement) inExcess(grant rbac.Grant, r rbac.Request) bool {
	return slices.ContainsFunc(j.excess, func(e rbac.Exceeding) bool {
		return e.Grant.Binding == grant.Binding && allows([]rbacv1.PolicyRule{ruleOf(e.Permission)}, r)
	})
}

// falseAlarms are what is in excess and under a ceiling all the same, by each of its verbs and names.
func (j judgement) falseAlarms() []string {
	var said []string
	for _, e := range j.excess {
		for _, r := range requestsOf(e.Permission) {
			if j.underCeiling(e.Grant, r) {
				said = append(said, e.Permission.String()+" through "+e.Grant.Words()+" is in excess, but a ceiling allows "+question{Request: r}.String())
			}
		}
	}
	return said
}

// requestsOf are the requests that a permission stands for. Where it is for all objects, it is for one that nobody names.
func requestsOf(p rbac.Permission) []rbac.Request {
	var all []rbac.Request
	names := p.Names
	if len(names) == 0 {
		names = []string{"an object that nobody names"}
	}
	for _, verb := range p.Verbs {
		if p.Resource == "" {
			all = append(all, rbac.Request{Verb: verb, Path: p.Path})
			continue
		}
		resource, subresource, below := strings.Cut(p.Resource, "/")
		if resource == "" || below && subresource == "" { // what cannot be asked for
			continue
		}
		for _, name := range names {
			all = append(all, rbac.Request{Verb: verb, Group: p.Group, Resource: resource, Subresource: subresource, Name: name})
		}
	}
	return all
}

// allows says whether rules alone allow a request, as TestTheAnswerIsThatOfTheAPIServer holds it against the API server.
func allows(rules []rbacv1.PolicyRule, r rbac.Request) bool {
	grant := rbac.Grant{Binding: &rbac.Binding{}, Role: &rbac.Role{Rules: rules}}
	_, allowed := rbac.Allows([]rbac.Grant{grant}, r)
	return allowed
}

// scopedOtherwise are resources that are in no namespace, but are asked for in one.
var scopedOtherwise = []string{"namespaces", "clusterroles.rbac.authorization.k8s.io"}

func TestWhatIsInNoNamespaceIsThatOfDiscovery(t *testing.T) {
	client, err := discovery.NewDiscoveryClientForConfig(onServer(t).config)
	if err != nil {
		t.Fatal(err)
	}
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, list := range lists {
		group, _, versioned := strings.Cut(list.GroupVersion, "/")
		if !versioned {
			group = ""
		}
		for _, resource := range list.APIResources {
			name, _, _ := strings.Cut(resource.Name, "/")
			if slices.Contains(scopedOtherwise, strings.TrimSuffix(name+"."+group, ".")) {
				continue
			}
			compared++
			if got := (rbac.Permission{Group: group, Resource: resource.Name}).ClusterScoped(); got == resource.Namespaced {
				t.Errorf("%s of %s: the API server says namespaced: %t, we say cluster-scoped: %t", resource.Name, list.GroupVersion, resource.Namespaced, got)
			}
		}
	}
	if t.Logf("%d resources", compared); compared < 100 {
		t.Errorf("only %d resources were compared", compared)
	}
}
