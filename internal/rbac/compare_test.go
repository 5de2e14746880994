package rbac_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestCompare(t *testing.T) {
	for name, test := range map[string]struct {
		before, after []rbacv1.PolicyRule
		gained, lost  []string
	}{
		"the same is the same":                          {rules("get core pods"), rules("get core pods"), nil, nil},
		"order and spelling do not matter":              {rules("get,list core,apps pods b,a", "get path /a,/b"), rules("get path /b", "list,get apps pods a,b,a", "get path /a", "list core pods a,b", "get core pods b,a"), nil, nil},
		"a verb is gained":                              {rules("get core pods"), rules("get,list core pods"), []string{"list pods"}, nil},
		"a verb is lost":                                {rules("get,list core pods"), rules("list core pods"), nil, []string{"get pods"}},
		"a resource is exchanged":                       {rules("get core pods"), rules("get core secrets"), []string{"get secrets"}, []string{"get pods"}},
		"an API group is another":                       {rules("get core pods"), rules("get apps pods"), []string{"get pods.apps"}, []string{"get pods"}},
		"a wildcard holds what there was":               {rules("get core pods"), rules("* * *"), []string{"* *.*"}, nil},
		"what a wildcard holds is neither":              {rules("* * *"), rules("* * *", "get core pods", "create core pods/exec a"), nil, nil},
		"a wildcard is lost, and what stays is not":     {rules("* core pods"), rules("get core pods"), nil, []string{"* pods"}},
		"subresources of everything hold each":          {rules("get * */log"), rules("get core pods/log"), nil, []string{"get *.*/log"}},
		"names are gained and lost":                     {rules("get core secrets a,b"), rules("get core secrets b,c"), []string{"get secrets[c]"}, []string{"get secrets[a]"}},
		"all names are more than some":                  {rules("get core secrets a"), rules("get core secrets"), []string{"get secrets"}, nil},
		"empty rules are nothing":                       {nil, rules("- core pods", "get - pods", "get core -"), nil, nil},
		"paths":                                         {rules("get path /a*"), rules("get path /a/b,/c"), []string{"get /c"}, []string{"get /a*"}},
		"all paths are spelled in two ways":             {rules("get path *"), rules("get path /*"), nil, nil},
		"a path is not covered by a resource":           {rules("* * *"), rules("* * *", "get path /metrics"), []string{"get /metrics"}, nil},
		"two rules hold together what one does":         {rules("get core secrets a", "get core secrets b"), rules("get core secrets b,a"), nil, nil},
		"everything is gained from nothing":             {nil, rules("get core pods"), []string{"get pods"}, nil},
		"pods/* is a resource and holds no subresource": {rules("get core pods/*"), rules("get core pods/log"), []string{"get pods/log"}, []string{"get pods/*"}},
	} {
		t.Run(name, func(t *testing.T) {
			gained, lost := rbac.Compare(test.before, test.after)
			if diff := cmp.Diff(test.gained, strung(gained)); diff != "" {
				t.Errorf("gained: %s", diff)
			}
			if diff := cmp.Diff(test.lost, strung(lost)); diff != "" {
				t.Errorf("lost: %s", diff)
			}
			if diff := cmp.Diff(test.gained, strung(rbac.Permissions(rbac.Gained(test.before, test.after)))); diff != "" {
				t.Errorf("gained as rules: %s", diff)
			}
			same := len(test.gained) == 0 && len(test.lost) == 0
			if rbac.SameRules(test.before, test.after) != same || rbac.SameRules(test.after, test.before) != same {
				t.Errorf("SameRules says %v", !same)
			}
		})
	}
}

// In a long list, what matters must not hide.
func TestRulesThatAreTooLargeToBreakDownAreGainedAsTheyAre(t *testing.T) {
	long := rules("create core pods/exec")
	for i := range 70_000 {
		long[0].Resources = append(long[0].Resources, fmt.Sprintf("r%d", i))
	}
	gained := rbac.Gained(rules("get core pods"), long)
	exec := []rbac.Capability{{Verbs: []string{"create"}, Resources: []string{"pods/exec"}}}
	if got := strung(rbac.Matching(gained, exec)); !cmp.Equal(got, []string{"create pods/exec"}) {
		t.Errorf("what was gained allows %q", got)
	}
	if gained := rbac.Gained(long, long); len(gained) > 0 {
		t.Errorf("%d rules are gained where nothing was", len(gained))
	}
}
