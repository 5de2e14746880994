package rbac_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestMatching(t *testing.T) {
	const roles, authentication = rbacv1.GroupName, "authentication.k8s.io"
	want := func(group string, verbs []string, resources ...string) []rbac.Capability {
		return []rbac.Capability{{Verbs: verbs, Group: group, Resources: resources}}
	}
	secrets := want("", []string{"get", "list", "watch"}, "secrets")
	exec := want("", []string{"create", "get"}, "pods/exec", "pods/attach")
	proxy := want("", []string{"get", "create"}, "nodes/proxy")
	write := want("", []string{"create", "update", "patch", "delete", "deletecollection"}, "secrets")
	become := append(want(authentication, []string{rbac.ImpersonateAs}, "users", "serviceaccounts", "userextras/*"),
		want("*", []string{rbac.ImpersonateOn}, "*")...)
	for name, test := range map[string]struct {
		rules  []rbacv1.PolicyRule
		wanted []rbac.Capability
		want   []string
	}{
		"what is named is found":                       {rules("get,update core secrets,pods"), secrets, []string{"get secrets"}},
		"wildcards are resolved to what is wanted":     {rules("* * *"), secrets, []string{"get,list,watch secrets"}},
		"* in another group is not the core group":     {rules("* apps *"), secrets, nil},
		"nor is the resource of the same name":         {rules("get example.com secrets"), secrets, nil},
		"there are no other patterns":                  {rules("get core s*,secret*,secrets/*", "g* core secrets"), secrets, nil},
		"other verbs are not wanted":                   {rules("update core secrets"), secrets, nil},
		"a resource is not its subresource":            {rules("* core pods"), exec, nil},
		"nor is pods/* any of them":                    {rules("* core pods/*"), exec, nil},
		"*/exec is the exec of pods":                   {rules("create * */exec"), exec, []string{"create pods/exec"}},
		"*/log is not":                                 {rules("* * */log"), exec, nil},
		"names are kept":                               {rules("get core secrets web,db"), secrets, []string{"get secrets[db,web]"}},
		"rules merge":                                  {rules("get core secrets db", "get,list core *"), secrets, []string{"get,list secrets"}},
		"a list by name passes with a field selector":  {rules("list,watch core secrets db"), secrets, []string{"list,watch secrets[db]"}},
		"a collection is never deleted by name":        {rules("deletecollection core secrets db"), write, nil},
		"an object is not created by name":             {rules("create core secrets db"), write, nil},
		"but by who may patch it":                      {rules("create,patch core secrets web,db"), write, []string{"create,patch secrets[db,web]"}},
		"by another rule, too, of all":                 {rules("create core secrets db", "update core secrets"), write, []string{"update secrets", "create secrets[db]"}},
		"or of some of the names":                      {rules("create core secrets db,web", "patch core secrets db,x"), write, []string{"create secrets[db]", "patch secrets[db,x]"}},
		"what is below an object is created by name":   {rules("create core pods/exec api"), exec, []string{"create pods/exec[api]"}},
		"the empty name is that of requests without":   {rules("create,list,deletecollection core secrets empty,db"), write, []string{"create,deletecollection secrets"}},
		"also of lists":                                {rules("get,list core secrets empty,db"), secrets, []string{"list secrets", `get secrets["",db]`}},
		"empty lists give nothing":                     {rules("- core secrets", "get - secrets", "get core -"), secrets, nil},
		"paths give no resources":                      {rules("* path *"), secrets, nil},
		"nothing is wanted":                            {rules("* * *"), nil, nil},
		"no rules":                                     {nil, secrets, nil},
		"nodes/proxy is found":                         {rules("get core nodes/proxy"), proxy, []string{"get nodes/proxy"}},
		"the finer subresources of nodes are not it":   {rules("* core nodes,nodes/metrics,nodes/log,nodes/stats,nodes/healthz,nodes/configz,nodes/pods,nodes/checkpoint"), proxy, nil},
		"nodes/* is not it":                            {rules("* core nodes/*"), proxy, nil},
		"*/proxy is":                                   {rules("get * */proxy"), proxy, []string{"get nodes/proxy"}},
		"a capability of any group":                    {rules("bind,get " + roles + " clusterroles"), want("*", []string{"bind"}, "clusterroles"), []string{"bind clusterroles." + roles}},
		"a capability of any group in the group *":     {rules("bind * clusterroles"), want("*", []string{"bind"}, "clusterroles"), []string{"bind clusterroles.*"}},
		"a capability of any verb":                     {rules("x,y core secrets"), want("", []string{"*"}, "secrets"), []string{"x,y secrets"}},
		"any subresource":                              {rules("get core nodes/a,nodes,nodes/b,pods/c,nodesx/d"), want("", []string{"get"}, "nodes/*"), []string{"get nodes/a", "get nodes/b"}},
		"any subresource of a wildcard":                {rules("get core *"), want("", []string{"get"}, "nodes/*"), []string{"get nodes/*"}},
		"any subresource of all resources":             {rules("get core */log"), want("", []string{"get"}, "nodes/*"), []string{"get nodes/log"}},
		"constrained impersonation is found by a mode": {rules("impersonate:user-info,get " + authentication + " users"), become, []string{"impersonate:user-info users." + authentication}},
		"of keys of extras": {
			rules("impersonate:user-info " + authentication + " userextras/scopes,userextras"), become,
			[]string{"impersonate:user-info userextras." + authentication + "/scopes"},
		},
		"what is done so, on anything": {
			rules("impersonate-on:user-info:get,impersonate-on:serviceaccount:create apps deployments db"), become,
			[]string{"impersonate-on:serviceaccount:create,impersonate-on:user-info:get deployments.apps[db]"},
		},
		"the old verb is not the new":           {rules("impersonate " + authentication + " *"), become, nil},
		"nor is the new verb the old":           {rules("impersonate:user-info * users"), want("", []string{"impersonate"}, "users"), nil},
		"every verb is also one of them":        {rules("* " + authentication + " users"), become, []string{"impersonate-on:*,impersonate:* users." + authentication}},
		"the verb impersonate:* is none itself": {rules("impersonate core users"), become, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strung(rbac.Matching(test.rules, test.wanted))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each rule that lets named objects be created is held against all that let them be written. What that takes is counted in what it
// makes: it grows as the rules do, and not with their square.
func TestWhatMatchingMakesGrowsAsTheRulesDo(t *testing.T) {
	wanted := []rbac.Capability{{Verbs: []string{"create", "update"}, Resources: []string{"secrets"}}}
	made := func(n int) uint64 {
		var of []rbacv1.PolicyRule
		for i := range n {
			of = append(of, rules(fmt.Sprintf("create,update core secrets a%d,b%d,c%d", i, i, i))...)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		found := rbac.Matching(of, wanted)
		runtime.ReadMemStats(&after)
		if len(found) != 1 || len(found[0].Names) != 3*n {
			t.Fatalf("of %d rules: %v", n, found)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := made(500), made(2000); many > 6*few {
		t.Errorf("500 rules make %d bytes, 2000 make %d", few, many)
	}
}

func TestNothingIsMadeWhereNothingMatches(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes objects of its own; make test runs this without it, too")
	}
	wanted := []rbac.Capability{
		{Verbs: []string{"get", "list", "watch"}, Resources: []string{"secrets"}},
		{Verbs: []string{rbac.ImpersonateAs}, Group: "authentication.k8s.io", Resources: []string{"users", "userextras/*"}},
	}
	of := rules("get,list,watch core pods,pods/log,services", "* apps *", "update,patch core secrets", "get path /metrics")
	if n := testing.AllocsPerRun(100, func() { rbac.Matching(of, wanted) }); n > 0 {
		t.Errorf("Matching makes %v objects", n)
	}
	view := role("", "view")
	grants := granted(rbac.Subject{Kind: "User", Name: "jane"}, []*rbac.Binding{bind("shop", "a", view, user("jane"))}, view)
	request := rbac.Request{Verb: "get", Resource: "pods", Subresource: "log", Namespace: "shop"}
	if n := testing.AllocsPerRun(100, func() { rbac.Allows(grants, request) }); n > 0 {
		t.Errorf("Allows makes %v objects", n)
	}
}
