package rbac_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestPermissions(t *testing.T) {
	for name, test := range map[string]struct {
		rules []rbacv1.PolicyRule
		want  []string
	}{
		"a resource of the core group":                {rules("get core secrets"), []string{"get secrets"}},
		"a resource of another group":                 {rules("patch apps deployments"), []string{"patch deployments.apps"}},
		"a subresource":                               {rules("create core pods/exec", "update apps deployments/scale"), []string{"create pods/exec", "update deployments.apps/scale"}},
		"everything":                                  {rules("* * *"), []string{"* *.*"}},
		"everything of the core group":                {rules("* core *"), []string{"* *"}},
		"a subresource of everything":                 {rules("get * */scale"), []string{"get *.*/scale"}},
		"names":                                       {rules("get core secrets web,db,web"), []string{"get secrets[db,web]"}},
		"a path":                                      {rules("get path /metrics"), []string{"get /metrics"}},
		"all paths":                                   {rules("get path *", "post path /*"), []string{"get,post /*"}},
		"paths of a pattern":                          {rules("get path /apis/**,/"), []string{"get /", "get /apis/*"}},
		"a path that none can be":                     {rules("get path metrics"), []string{`get path:"metrics"`}},
		"verbs are sorted, and each stands once":      {rules("watch,get,list,get core pods"), []string{"get,list,watch pods"}},
		"rules for one resource are one":              {rules("get core pods", "list core secrets,pods", "get core pods"), []string{"get,list pods", "list secrets"}},
		"names of one verb are one list":              {rules("get core secrets db", "get core secrets web"), []string{"get secrets[db,web]"}},
		"all names hold some":                         {rules("get core secrets db", "get,list core secrets", "list core secrets web"), []string{"get,list secrets"}},
		"verbs with other names stand apart":          {rules("get,list core secrets db", "get core secrets web"), []string{"list secrets[db]", "get secrets[db,web]"}},
		"the verb * holds the others":                 {rules("get,*,list core pods"), []string{"* pods"}},
		"the verb * by name holds them by that name":  {rules("* core pods db", "get core pods db", "list core pods web"), []string{"* pods[db]", "list pods[web]"}},
		"the group * holds the others":                {rules("get core,*,apps pods"), []string{"get pods.*"}},
		"the resource * holds the others":             {rules("get core pods,*,secrets"), []string{"get *"}},
		"a name * is a name":                          {rules("get core secrets *"), []string{"get secrets[*]"}},
		"a rule without verbs gives nothing":          {rules("- core pods"), nil},
		"a rule without groups gives nothing":         {rules("get - pods"), nil},
		"a rule without resources gives nothing":      {rules("get core -"), nil},
		"an empty rule gives nothing":                 {[]rbacv1.PolicyRule{{}}, nil},
		"no rules give nothing":                       {nil, nil},
		"an empty path gives nothing":                 {[]rbacv1.PolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{""}}}, nil},
		"a rule of resources and paths is both":       {[]rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"a"}, NonResourceURLs: []string{"/a"}}}, []string{"get pods[a]", "get /a"}},
		"an empty list of names is none":              {[]rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{}}}, []string{"get pods"}},
		"groups, then resources, then paths in order": {rules("get path /b,/a", "get b d,c", "get a z"), []string{"get z.a", "get c.b", "get d.b", "get /a", "get /b"}},
		"an empty name is quoted":                     {rules("list core secrets empty,db"), []string{`list secrets["",db]`}},
		"a name with a comma is quoted":               {[]rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"a,b", "c]"}}}, []string{`get secrets["a,b","c]"]`}},
		"a resource with a dot is not one of a group": {rules("patch core deployments.apps"), []string{`patch "deployments.apps"`}},
		"a resource with a slash first is no path":    {rules("get core /metrics"), []string{`get ""/metrics`}},
		"a key of an extra is a subresource":          {rules("impersonate authentication.k8s.io userextras/example.com/a"), []string{"impersonate userextras.authentication.k8s.io/example.com/a"}},
		"a group with a slash is quoted":              {rules("get apps/v1 deployments"), []string{`get deployments."apps/v1"`}},
		"a verb with a line break is quoted":          {[]rbacv1.PolicyRule{{Verbs: []string{"a\nb"}, APIGroups: []string{""}, Resources: []string{"pods"}}}, []string{`"a\nb" pods`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strung(rbac.Permissions(test.rules))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPermissionsDoNotChangeTheRules(t *testing.T) {
	given := rules("watch,get core,apps pods,nodes c,b,a", "get path /b,/a**", "*,get core pods,*")
	before := fmt.Sprint(given)
	rbac.Permissions(given)
	rbac.Matching(given, []rbac.Capability{{Verbs: []string{"get"}, Resources: []string{"pods"}}})
	rbac.Compare(given, rules("get core pods"))
	if after := fmt.Sprint(given); after != before {
		t.Errorf("they were %s and are %s", before, after)
	}
}

// many makes a list of n words.
func many(word string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%05d", word, i)
	}
	return list
}

func TestAHugeRuleIsBounded(t *testing.T) {
	huge := rbacv1.PolicyRule{Verbs: many("v", 100), APIGroups: many("g", 1000), Resources: many("r", 1000), ResourceNames: many("n", 1000)}
	for name, change := range map[string]func(r *rbacv1.PolicyRule){
		"the longest lists are not broken down":      func(*rbacv1.PolicyRule) {},
		"a wildcard among the verbs stands out":      func(r *rbacv1.PolicyRule) { r.Verbs[50] = "*" },
		"a wildcard among the resources stands out":  func(r *rbacv1.PolicyRule) { r.Resources[50] = "*" },
		"a wildcard among the API groups stands out": func(r *rbacv1.PolicyRule) { r.APIGroups[50] = "*" },
	} {
		t.Run(name, func(t *testing.T) {
			rule := *huge.DeepCopy()
			change(&rule)
			begin := time.Now()
			got := rbac.Permissions([]rbacv1.PolicyRule{rule, {Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}}})
			if len(got) < 2 || len(got) > 1<<16 || got[0].String() != "get secrets" {
				t.Fatalf("%d permissions, the small rule makes %s", len(got), got[0])
			}
			text := got[1].String()
			if !strings.Contains(text, `["1000 names (`) || strings.Contains(fmt.Sprint(rule), "*") != strings.Contains(text, "*") {
				t.Errorf("%.200s", text)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	repeated := rules("get core "+strings.Repeat("pods,", 1<<17)+"pods", "list core secrets")
	if got := strung(rbac.Permissions(repeated)); !slices.Equal(got, []string{"get pods", "list secrets"}) {
		t.Errorf("a rule that says the same too often is %.200q", got)
	}
	other := *huge.DeepCopy()
	other.Resources[999] = "secrets"
	if gained, lost := rbac.Compare([]rbacv1.PolicyRule{huge}, []rbacv1.PolicyRule{other}); len(gained) == 0 || len(lost) == 0 {
		t.Errorf("a change deep within goes unseen: gained %v, lost %v", gained, lost)
	}
	if !rbac.SameRules([]rbacv1.PolicyRule{huge}, []rbacv1.PolicyRule{*huge.DeepCopy()}) {
		t.Error("a huge rule is not the same as itself")
	}
}
