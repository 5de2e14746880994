package rbac_test

import (
	"testing"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestAllows(t *testing.T) {
	in := func(namespace string, texts ...string) []rbac.Grant {
		r := role("", "r", texts...)
		return granted(rbac.Subject{Kind: "User", Name: "jane"}, []*rbac.Binding{bind(namespace, "b", r, user("jane"))}, r)
	}
	get := rbac.Request{Verb: "get", Resource: "secrets", Name: "db", Namespace: "shop"}
	exec := rbac.Request{Verb: "create", Resource: "pods", Subresource: "exec", Name: "api", Namespace: "shop"}
	metrics := rbac.Request{Verb: "get", Path: "/metrics/cadvisor"}
	for name, test := range map[string]struct {
		grants  []rbac.Grant
		request rbac.Request
		want    bool
	}{
		"a rule that names all allows":                      {in("shop", "get core secrets"), get, true},
		"it does not in another namespace":                  {in("ops", "get core secrets"), get, false},
		"a ClusterRoleBinding allows in all":                {in("", "get core secrets"), get, true},
		"a RoleBinding allows nothing outside namespaces":   {in("shop", "get core nodes"), rbac.Request{Verb: "get", Resource: "nodes", Name: "n"}, false},
		"a ClusterRoleBinding does":                         {in("", "get core nodes"), rbac.Request{Verb: "get", Resource: "nodes", Name: "n"}, true},
		"wildcards allow all":                               {in("", "* * *"), get, true},
		"the wildcard of another group does not":            {in("", "* apps *"), get, false},
		"another verb does not":                             {in("", "list core secrets"), get, false},
		"no verb does not":                                  {in("", "- core secrets"), get, false},
		"the name is one of the rule's":                     {in("", "get core secrets web,db"), get, true},
		"another name is not":                               {in("", "get core secrets web"), get, false},
		"a name * is no wildcard":                           {in("", "get core secrets *"), get, false},
		"a request without a name is of no named object":    {in("", "list core secrets db"), rbac.Request{Verb: "list", Resource: "secrets"}, false},
		"the empty name is its name":                        {in("", "list core secrets empty"), rbac.Request{Verb: "list", Resource: "secrets"}, true},
		"a subresource by its name":                         {in("", "create core pods/exec"), exec, true},
		"a subresource of everything":                       {in("", "create * */exec"), exec, true},
		"the resource is not its subresource":               {in("", "create core pods"), exec, false},
		"nor is pods/*":                                     {in("", "create core pods/*"), exec, false},
		"nor is another that ends alike":                    {in("", "create core */oexec,xpods/exec,pods/execx"), exec, false},
		"the wildcard is also of subresources":              {in("", "create core *"), exec, true},
		"*/ is of nothing":                                  {in("", "get core */"), get, false},
		"a subresource that is asked for as a resource":     {in("", "create core pods/exec"), rbac.Request{Verb: "create", Resource: "pods/exec"}, true},
		"is not one of everything":                          {in("", "create core */exec"), rbac.Request{Verb: "create", Resource: "pods/exec"}, false},
		"a path by its beginning":                           {in("", "get path /metrics/*"), metrics, true},
		"a path by itself":                                  {in("", "get path /metrics/cadvisor"), metrics, true},
		"every path":                                        {in("", "get path *"), metrics, true},
		"another path is not":                               {in("", "get path /metrics"), metrics, false},
		"a star in the middle is none":                      {in("", "get path /met*s/cadvisor"), metrics, false},
		"resources are no paths":                            {in("", "* * *"), metrics, false},
		"paths are no resources":                            {in("", "* path *"), get, false},
		"a RoleBinding allows no paths":                     {in("shop", "get path *"), rbac.Request{Verb: "get", Path: "/metrics", Namespace: "shop"}, false},
		"constrained impersonation is a verb as any other":  {in("", "impersonate:user-info authentication.k8s.io users"), rbac.Request{Verb: "impersonate:user-info", Group: "authentication.k8s.io", Resource: "users", Name: "jane"}, true},
		"it is not the old verb":                            {in("", "impersonate authentication.k8s.io users"), rbac.Request{Verb: "impersonate:user-info", Group: "authentication.k8s.io", Resource: "users", Name: "jane"}, false},
		"userextras/* is asked for literally, too":          {in("", "impersonate:user-info authentication.k8s.io userextras/* *"), rbac.Request{Verb: "impersonate:user-info", Group: "authentication.k8s.io", Resource: "userextras", Subresource: "*", Name: "*"}, true},
		"nodes/metrics is not nodes/proxy":                  {in("", "get core nodes/metrics"), rbac.Request{Verb: "get", Resource: "nodes", Subresource: "proxy", Name: "n"}, false},
		"no grants allow nothing":                           {nil, get, false},
		"a grant of nothing allows nothing, not even empty": {in("", "get path -"), rbac.Request{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			grant, got := rbac.Allows(test.grants, test.request)
			if got != test.want || got && grant.Binding.Ref.Name != "b" {
				t.Errorf("got %v by %+v", got, grant)
			}
		})
	}
}

func TestAllowsNamesTheGrant(t *testing.T) {
	a, b := role("", "a", "get core pods"), role("", "b", "get core secrets")
	grants := granted(rbac.ServiceAccount("shop", "api"), []*rbac.Binding{
		bind("shop", "a", a, account("shop", "api")), bind("shop", "b", b, group("system:serviceaccounts")),
	}, a, b)
	grant, ok := rbac.Allows(grants, rbac.Request{Verb: "get", Resource: "secrets", Namespace: "shop"})
	if want := "RoleBinding b and ClusterRole b, as a member of Group system:serviceaccounts"; !ok || grant.Words() != want {
		t.Errorf("got %v, %s", ok, grant.Words())
	}
}

func TestClusterScoped(t *testing.T) {
	for text, want := range map[string]bool{
		"get core nodes": true, "get core nodes/proxy": true, "get core pods": false, "get core namespaces": false, "get * nodes": false, "get core *": false,
		"bind rbac.authorization.k8s.io clusterroles": false, "create rbac.authorization.k8s.io clusterrolebindings": true,
		"create apiextensions.k8s.io customresourcedefinitions": true, "get example.com nodes": false, "get path /metrics": true, "get core empty": false,
		"create authorization.k8s.io localsubjectaccessreviews": false, "impersonate core serviceaccounts": false, "impersonate core users": true,
		"get core */proxy": false,
	} {
		all := rbac.Permissions(rules(text))
		if len(all) != 1 || all[0].ClusterScoped() != want || len(rbac.InNamespaces(all)) == 1 == want {
			t.Errorf("%s: %+v", text, all)
		}
	}
}
