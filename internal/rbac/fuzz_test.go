package rbac_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
	"sigs.k8s.io/randfill"

	"plumbline.dev/plumbline/internal/rbac"
)

// seeds is how many roles and bindings a plain run of the tests makes up. go test -fuzz goes on from there.
const seeds = 600

func TestMadeUpRulesAreJudgedInBounds(t *testing.T) {
	allowed := 0
	for seed := range int64(seeds) {
		allowed += judgeMadeUp(t, seed)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
	// What is made up must mean something, or this would show nothing.
	if allowed < 10*seeds {
		t.Errorf("only %d of the questions are answered with yes", allowed)
	}
}

func FuzzRules(f *testing.F) {
	f.Add(int64(seeds))
	f.Fuzz(func(t *testing.T, seed int64) { judgeMadeUp(t, seed) })
}

// The words that rules are made of, and those that are asked about: every one, and one that no rule has.
var (
	madeUpVerbs     = []string{"get", "create", "update", "impersonate:user-info", "*", ""}
	madeUpGroups    = []string{"", "apps", "*"}
	madeUpResources = []string{"pods", "secrets", "pods/exec", "*/exec", "pods/*", "*", "*/", "", "/", "a.b"}
	madeUpNames     = []string{"", "a", "b", "*"}
	madeUpPaths     = []string{"/a", "/a*", "/a/*", "/*", "*", "**", "", "x", "*x*"}
	askedVerbs      = []string{"get", "create", "update", "impersonate:user-info", "other"}
	askedGroups     = []string{"", "apps", "other"}
	askedResources  = [][2]string{{"pods", ""}, {"secrets", ""}, {"pods", "exec"}, {"secrets", "exec"}, {"pods", "other"}, {"other", ""}, {"pods", "*"}}
	askedNames      = []string{"", "a", "b", "other", "*"}
	askedPaths      = []string{"/", "/a", "/a/b", "/ab", "/other"}
)

// judgeMadeUp makes up two roles from a seed, and holds what is said of them against the answers to all questions. It
// returns how many of them are yes.
func judgeMadeUp(t *testing.T, seed int64) int {
	t.Helper()
	source := randfill.New().RandSource(rand.NewSource(seed)).NilChance(0).NumElements(0, 4).Funcs(
		func(r *rbacv1.PolicyRule, c randfill.Continue) {
			*r = rbacv1.PolicyRule{Verbs: some(c, madeUpVerbs), APIGroups: some(c, madeUpGroups), Resources: some(c, madeUpResources)}
			if c.Intn(3) == 0 {
				r.ResourceNames = some(c, madeUpNames)
			}
			if c.Intn(3) == 0 {
				r.NonResourceURLs = some(c, madeUpPaths)
			}
		})
	var before, after []rbacv1.PolicyRule
	source.Fill(&before)
	source.Fill(&after)

	permissions := rbac.Permissions(before)
	if diff := cmp.Diff(permissions, rbac.Permissions(asRules(permissions))); diff != "" {
		t.Errorf("a second breakdown is another: %s", diff)
	}
	if texts := strung(permissions); len(slices.Compact(slices.Sorted(slices.Values(texts)))) != len(texts) {
		t.Errorf("two permissions read the same: %q", texts)
	}
	if !rbac.SameRules(before, asRules(permissions)) {
		t.Errorf("%v are not the same as what they break down to: %q", before, strung(permissions))
	}
	gained, lost := rbac.Compare(before, after)
	if back, forth := rbac.Compare(after, before); !cmp.Equal(gained, forth) || !cmp.Equal(lost, back) {
		t.Errorf("the way back is not the way: gained %q, lost %q; gained %q, lost %q", strung(gained), strung(lost), strung(back), strung(forth))
	}
	covered, _ := validation.Covers(asRules(permissions), asRules(rbac.Permissions(after)))
	if covered != (len(gained) == 0) {
		t.Errorf("the API server says %v, and what is gained is %q", covered, strung(gained))
	}
	yes := 0
	for _, request := range questions() {
		was, is := allows(before, request), allows(after, request)
		if was {
			yes++
		}
		if was != allows(asRules(permissions), request) {
			t.Errorf("%+v: %v, but what they break down to does not: %q", request, was, strung(permissions))
		}
		if !was && is && !allows(asRules(gained), request) || was && !is && !allows(asRules(lost), request) {
			t.Errorf("%+v: was %v, is %v, gained %q, lost %q", request, was, is, strung(gained), strung(lost))
		}
	}
	matchMadeUp(t, before)
	return yes
}

// matchMadeUp looks for what can be asked for without regard to names.
func matchMadeUp(t *testing.T, rules []rbacv1.PolicyRule) {
	t.Helper()
	for _, verb := range askedVerbs[:4] {
		for _, asked := range askedResources[:5] {
			resource := strings.TrimSuffix(asked[0]+"/"+asked[1], "/")
			got := rbac.Matching(rules, []rbac.Capability{{Verbs: []string{verb}, Group: "apps", Resources: []string{resource}}})
			found := false
			for _, name := range append(askedNames, "never") {
				request := rbac.Request{Verb: verb, Group: "apps", Resource: asked[0], Subresource: asked[1], Name: name}
				if verb == "create" && asked[1] == "" && name != "" { // it takes an update, too
					update := request
					update.Verb = "update"
					found = found || allows(rules, request) && (allows(rules, update) || patches(rules, update))
					continue
				}
				found = found || allows(rules, request)
			}
			if found != (len(got) > 0) {
				t.Errorf("%s %s.apps: %v in %v, but found is %q", verb, resource, found, rules, strung(got))
			}
		}
	}
}

func patches(rules []rbacv1.PolicyRule, r rbac.Request) bool {
	r.Verb = "patch"
	return allows(rules, r)
}

func some(c randfill.Continue, words []string) []string {
	var list []string
	for range c.Intn(4) {
		list = append(list, words[c.Intn(len(words))])
	}
	return list
}

func questions() []rbac.Request {
	var all []rbac.Request
	for _, verb := range askedVerbs {
		for _, path := range askedPaths {
			all = append(all, rbac.Request{Verb: verb, Path: path})
		}
		for _, group := range askedGroups {
			for _, resource := range askedResources {
				for _, name := range askedNames {
					all = append(all, rbac.Request{Verb: verb, Group: group, Resource: resource[0], Subresource: resource[1], Name: name})
				}
			}
		}
	}
	return all
}

func allows(rules []rbacv1.PolicyRule, r rbac.Request) bool {
	_, ok := rbac.Allows([]rbac.Grant{{Binding: &rbac.Binding{}, Role: &rbac.Role{Rules: rules}}}, r)
	return ok
}

func asRules(permissions []rbac.Permission) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, p := range permissions {
		rule := rbacv1.PolicyRule{Verbs: p.Verbs}
		if p.Path != "" {
			rule.NonResourceURLs = []string{p.Path}
		} else {
			rule.APIGroups, rule.Resources, rule.ResourceNames = []string{p.Group}, []string{p.Resource}, p.Names
		}
		rules = append(rules, rule)
	}
	return rules
}

// Whoever may bind writes what is judged, so a subject has to be found, or not, among whatever a binding says.
func TestMadeUpBindingsAreRead(t *testing.T) {
	words := []string{"", "shop", "api", "jane", "system:serviceaccount:shop:api", "system:serviceaccounts:shop", "system:authenticated", "system:anonymous", "a:b", "system:serviceaccount:a:b:api", "\xff"}
	kinds := []string{"User", "Group", "ServiceAccount", "Pod", ""}
	view := role("", "view", "get core pods")
	for seed := range int64(seeds) {
		source := rand.New(rand.NewSource(seed))
		word := func(of []string) string { return of[source.Intn(len(of))] }
		var subjects []rbacv1.Subject
		for range source.Intn(6) {
			subjects = append(subjects, rbacv1.Subject{Kind: word(kinds), APIGroup: word([]string{"", "", rbacv1.GroupName, "apps"}), Namespace: word(words), Name: word(words)})
		}
		binding := bind(word([]string{"", "shop"}), "b", view, subjects...)
		holders := binding.Holders()
		if held := rbac.ReachOf(view, []*rbac.Binding{binding}) != rbac.Unbound; held != (len(holders) > 0) {
			t.Fatalf("seed %d: held is %v by %v", seed, held, holders)
		}
		asked := slices.Concat(holders, []rbac.Subject{rbac.ServiceAccount("shop", "api"), {Kind: "User", Name: "jane"}, {Kind: "Group", Name: "shop"}, {}})
		for _, subject := range asked {
			var want, got []rbac.Subject
			for _, key := range subject.Keys() {
				if slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool { return is(key, s, binding.Namespace()) }) {
					want = append(want, key)
				}
			}
			for _, grant := range granted(subject, []*rbac.Binding{binding}, view) {
				got = append(got, grant.Via)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v is granted through %v, want %v, by %s", seed, subject, got, want, fmt.Sprint(subjects))
			}
		}
	}
}

// is says, as the authorizer of the API server does, whether a subject of a binding in the namespace is somebody, unless the API
// server refuses it. A group is nobody else.
//
// Source: appliesToUser in pkg/registry/rbac/validation of Kubernetes.
func is(who rbac.Subject, s rbacv1.Subject, namespace string) bool {
	user := who.Name
	if who.Kind == "ServiceAccount" {
		user = "system:serviceaccount:" + who.Namespace + ":" + who.Name
	}
	if s.Name == "" || s.APIGroup != "" && (s.APIGroup != rbacv1.GroupName || s.Kind == "ServiceAccount") {
		return false
	}
	switch s.Kind {
	case "Group":
		return who.Kind == "Group" && s.Name == who.Name
	case "User":
		return who.Kind != "Group" && s.Name == user
	case "ServiceAccount":
		if s.Namespace != "" {
			namespace = s.Namespace
		}
		return who.Kind != "Group" && namespace != "" && user == "system:serviceaccount:"+namespace+":"+s.Name
	}
	return false
}
