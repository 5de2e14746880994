package checks

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// What ceilings.hold says at no cost must be what rbac.Excess says, which knows the rules of RBAC.
func TestACeilingHoldsWhereNothingExceedsIt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	held, exceeded := 0, 0
	for range 30000 {
		c := ceilings{all: someCeilings(random), who: rbac.ServiceAccount("shop", "api")}
		grants := someGrants(random)
		excess := slices.Collect(rbac.Excess(grants, c.compiled()))
		if got := c.hold(grants); got != (len(excess) == 0) {
			t.Fatalf("hold: %v, and %d permissions exceed: %v\nceilings: %+v\ngrants: %s", got, len(excess), excess, c.all, show(grants))
		}
		if len(excess) == 0 {
			held++
		} else {
			exceeded++
		}
	}
	if held < 1000 || exceeded < 1000 {
		t.Errorf("%d held and %d exceeded: there is too little of one", held, exceeded)
	}
}

// What is longer than people write is left to rbac.Excess.
func TestACeilingIsNotSaidToHoldWhatIsTooLong(t *testing.T) {
	names := make([]string, 2000)
	for i := range names {
		names[i] = fmt.Sprintf("name-%d", i)
	}
	rule := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: names}
	c := ceilings{who: rbac.ServiceAccount("shop", "api"), all: []v1alpha1.PermissionCeiling{{
		Subjects: []v1alpha1.SubjectPattern{{Kind: rbacv1.ServiceAccountKind, Name: "*"}},
		Rules:    []v1alpha1.PermissionRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}},
	}}}
	grants := []rbac.Grant{grant("", rule)}
	if c.hold(grants) || len(slices.Collect(rbac.Excess(grants, c.compiled()))) > 0 {
		t.Error("a rule of 2000 names")
	}
}

// Thousands of bindings may grant roles of hundreds of rules: these are left to rbac.Excess too, which breaks them down once.
func TestACeilingIsNotAskedWithoutEnd(t *testing.T) {
	var rules []rbacv1.PolicyRule
	for i := range 500 {
		rules = append(rules, rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{fmt.Sprintf("r%d", i)}})
	}
	role := grant("", rules...).Role
	var grants []rbac.Grant
	for i := range 3000 {
		g := grant(fmt.Sprintf("n%d", i))
		g.Role = role
		grants = append(grants, g)
	}
	c := ceilings{who: rbac.ServiceAccount("shop", "api"), all: []v1alpha1.PermissionCeiling{{
		Subjects: []v1alpha1.SubjectPattern{{Kind: rbacv1.ServiceAccountKind, Name: "*"}},
	}}}
	for range 31 {
		c.all[0].Rules = append(c.all[0].Rules, v1alpha1.PermissionRule{Verbs: []string{"get"}, APIGroups: []string{"apps"}, Resources: []string{"r"}})
	}
	c.all[0].Rules = append(c.all[0].Rules, v1alpha1.PermissionRule{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"*"}})
	holds := c.hold(grants)
	asked := maxAsked - c.left
	if excess := slices.Collect(rbac.Excess(grants, c.compiled())); holds || asked > maxAsked+100 || len(excess) > 0 {
		t.Errorf("hold: %v after %d were asked, and %d permissions exceed", holds, asked, len(excess))
	}
	if few := grants[:1]; !c.hold(few) {
		t.Error("one binding of the role is not held")
	}
}

func someCeilings(random *rand.Rand) []v1alpha1.PermissionCeiling {
	var made []v1alpha1.PermissionCeiling
	for range 1 + random.IntN(3) {
		ceiling := v1alpha1.PermissionCeiling{Subjects: []v1alpha1.SubjectPattern{{
			Kind: rbacv1.ServiceAccountKind, Namespace: pick(random, "", "shop", "s*", "blog"), Name: pick(random, "*", "api"),
		}}}
		if random.IntN(3) == 0 {
			ceiling.Namespaces = []v1alpha1.NameGlob{v1alpha1.NameGlob(pick(random, "*", "shop", "blog"))}
		}
		for range random.IntN(4) {
			rule := someRule(random, 1)
			ceiling.Rules = append(ceiling.Rules, v1alpha1.PermissionRule{
				Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames,
				NonResourceURLs: rule.NonResourceURLs,
			})
		}
		made = append(made, ceiling)
	}
	return made
}

func someGrants(random *rand.Rand) []rbac.Grant {
	var grants []rbac.Grant
	for i := range 1 + random.IntN(2) {
		var rules []rbacv1.PolicyRule
		for range random.IntN(3) {
			rules = append(rules, someRule(random, 4))
		}
		g := grant(pick(random, "", "shop", "blog"), rules...)
		g.Binding.Ref.Name = fmt.Sprintf("binding-%d", i)
		grants = append(grants, g)
	}
	return grants
}

func grant(namespace string, rules ...rbacv1.PolicyRule) rbac.Grant {
	return rbac.Grant{
		Binding: &rbac.Binding{Ref: workload.Ref{Namespace: namespace, Name: "binding"}},
		Role:    &rbac.Role{Rules: rules},
	}
}

// someRule makes a rule, the narrower the rarer wildcards are.
func someRule(random *rand.Rand, narrow int) rbacv1.PolicyRule {
	words := func(some ...string) []string {
		if random.IntN(2*narrow) == 0 {
			return []string{"*"}
		}
		return some[:1+random.IntN(len(some))]
	}
	shuffled := func(some ...string) []string {
		random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		return words(some...)
	}
	if random.IntN(5) == 0 {
		return rbacv1.PolicyRule{Verbs: shuffled("get", "post"), NonResourceURLs: shuffled("/healthz", "/healthz/*", "/metrics", "/health*")}
	}
	rule := rbacv1.PolicyRule{
		Verbs: shuffled("get", "list", "create", "bind"), APIGroups: shuffled("", "apps", rbacv1.GroupName),
		Resources: shuffled("pods", "pods/exec", "*/exec", "nodes", "deployments", "clusterroles"),
	}
	if random.IntN(4) == 0 {
		rule.ResourceNames = shuffled("a", "b")
	}
	return rule
}

func pick(random *rand.Rand, some ...string) string { return some[random.IntN(len(some))] }

func show(grants []rbac.Grant) string {
	var text string
	for _, g := range grants {
		text += fmt.Sprintf("%q: %+v\n", g.Binding.Namespace(), g.Role.Rules)
	}
	return text
}
