package rbac

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// What is looked up must be what is found when every rule is held against every permission.
func TestLookingUpFindsWhatGoingThroughTheRulesFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	covered, missing, large := 0, 0, 0
	for i := range 20_000 {
		permissions, by := Permissions(someRules(random, 6)), someRules(random, 6)
		looked, through := newBook(by), newBook(by)
		looked.open()
		if i%10 == 0 && len(by) > 0 { // as if the first were too large
			looked.rest, looked.size = by[:1], words(by[:1])
			large++
		}
		var want breakdown
		c := newCoverage()
		for j := range permissions {
			c.hold(&want, &permissions[j], through)
		}
		told := want.merge()
		if len(told) > 0 {
			missing++
		} else {
			covered++
		}
		var got breakdown
		for j := range permissions {
			for _, p := range c.lookUp(&permissions[j], looked) {
				c.hold(&got, &p, looked)
			}
		}
		if diff := cmp.Diff(told, got.merge()); diff != "" {
			t.Fatalf("%v by %v (-gone through +looked up):\n%s", permissions, by, diff)
		}
	}
	if covered < 1000 || missing < 1000 || large < 1000 {
		t.Errorf("%d are covered, %d are not, and of %d the first rule is not looked up: there is too little of one", covered, missing, large)
	}
}

func someRules(random *rand.Rand, most int) []rbacv1.PolicyRule {
	some := func(words ...string) []string {
		var list []string
		for range random.IntN(4) {
			list = append(list, words[random.IntN(len(words))])
		}
		return list
	}
	rules := make([]rbacv1.PolicyRule, random.IntN(most))
	for i := range rules {
		rules[i] = rbacv1.PolicyRule{
			Verbs: some("get", "list", "create", "*", ""), APIGroups: some("", "apps", "*"),
			Resources: some("pods", "pods/exec", "*/exec", "pods/*", "*", "*/", "", "/", "pods/exec/x", "*/exec/x"),
		}
		if random.IntN(3) == 0 {
			rules[i].ResourceNames = some("", "a", "b", "*")
		}
		if random.IntN(3) == 0 {
			rules[i].NonResourceURLs = some("/a", "/a*", "/a/b", "/a/*", "/*", "*", "**", "", "x", "*x*")
		}
	}
	return rules
}

// A rule that is too large to be broken down is gone through as it stands.
func TestOfARuleThatIsTooLargeToBeLookedUpNothingIsMissed(t *testing.T) {
	var verbs, resources []string
	for i := range 300 {
		verbs, resources = append(verbs, fmt.Sprintf("v%d", i)), append(resources, fmt.Sprintf("r%d", i))
	}
	large := rbacv1.PolicyRule{Verbs: verbs, APIGroups: []string{""}, Resources: resources}
	var each []rbacv1.PolicyRule
	for _, resource := range resources {
		each = append(each, rbacv1.PolicyRule{Verbs: verbs[:2], APIGroups: []string{""}, Resources: []string{resource}})
	}
	book := newBook([]rbacv1.PolicyRule{large})
	if missing := newCoverage().uncovered(Permissions(each), book); len(missing) > 0 || len(book.rest) != 1 {
		t.Errorf("%d permissions are missing, and %d rules are gone through", len(missing), len(book.rest))
	}
}

// work is how much of its bound a comparison takes of n rules with as many others.
func work(n int, rule func(i int) rbacv1.PolicyRule) int {
	rules := make([]rbacv1.PolicyRule, n)
	for i := range rules {
		rules[i] = rule(i)
	}
	c := newCoverage()
	c.uncovered(Permissions(rules), newBook(rules))
	return maxCoverage - c.left
}

func TestTheWorkOfAComparisonGrowsAsTheRulesDo(t *testing.T) {
	get := []string{"get", "update"}
	for name, rule := range map[string]func(i int) rbacv1.PolicyRule{
		"of other resources": func(i int) rbacv1.PolicyRule {
			return rbacv1.PolicyRule{Verbs: get, APIGroups: []string{""}, Resources: []string{fmt.Sprintf("r%d", i)}}
		},
		"of other names": func(i int) rbacv1.PolicyRule {
			return rbacv1.PolicyRule{Verbs: get, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{fmt.Sprintf("n%d", i)}}
		},
		"of other groups": func(i int) rbacv1.PolicyRule {
			return rbacv1.PolicyRule{Verbs: get, APIGroups: []string{fmt.Sprintf("g%d", i)}, Resources: []string{"*"}}
		},
		"of other paths": func(i int) rbacv1.PolicyRule {
			return rbacv1.PolicyRule{Verbs: get, NonResourceURLs: []string{fmt.Sprintf("/p%d/*", i)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			few, many := max(work(500, rule), 1), work(2000, rule)
			if many > 5*few {
				t.Errorf("500 rules take %d, 2000 take %d", few, many)
			}
		})
	}
}

// A role that thousands of bindings grant is held against the ceilings once, and once for each choice of ceilings that are over
// the namespace.
func TestTheWorkOfExcessDoesNotGrowWithTheBindings(t *testing.T) {
	role := &Role{}
	var under []rbacv1.PolicyRule
	for i := range 2000 {
		rule := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{fmt.Sprintf("r%d", i)}}
		role.Rules = append(role.Rules, rule)
		if i < 64 {
			under = append(under, rule)
		}
	}
	grants := make([]Grant, 3000)
	for i := range grants {
		grants[i] = Grant{Role: role, Binding: &Binding{Ref: workload.Ref{Namespace: fmt.Sprintf("n%d", i), Name: "b"}}}
	}
	spent := func(grants []Grant) (int, int) {
		e := newExcess([]Ceiling{{Rules: under[:32], Namespaces: []string{"n1*"}}, {Rules: under[32:]}})
		for _, grant := range grants {
			e.of(grant)
		}
		return maxCoverage - e.cover.left, len(e.found)
	}
	one, _ := spent(grants[:1])
	all, found := spent(grants)
	if one == 0 || all > 3*one || found != 2 {
		t.Errorf("one binding takes %d, 3000 take %d; %d are remembered", one, all, found)
	}
}

// Of a subject that holds far more than its ceilings, no more is made than is asked for.
func TestExcessEndsWhenEnoughWasSeen(t *testing.T) {
	var grants []Grant
	asked := 0
	for i := range 100 {
		role := &Role{Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}
		grants = append(grants, Grant{Role: role, Binding: &Binding{Ref: workload.Ref{Name: fmt.Sprintf("b%d", i)}}})
	}
	for range Excess(grants, nil) {
		if asked++; asked == 3 {
			break
		}
	}
	if all := slices.Collect(Excess(grants, nil)); asked != 3 || len(all) != 100 {
		t.Errorf("%d were seen, of %d", asked, len(all))
	}
}
