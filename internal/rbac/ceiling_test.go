package rbac_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestExcess(t *testing.T) {
	api := rbac.ServiceAccount("shop", "api")
	binds := func(r *rbac.Role, namespaces ...string) []rbac.Grant {
		var bindings []*rbac.Binding
		for _, namespace := range namespaces {
			bindings = append(bindings, bind(namespace, "debug", r, account("shop", "api")))
		}
		return granted(api, bindings, r)
	}
	over := func(namespaces []string, texts ...string) rbac.Ceiling {
		return rbac.Ceiling{Rules: rules(texts...), Namespaces: namespaces}
	}
	shop := []string{"shop"}
	exec := role("shop", "debug", "create core pods/exec", "get core pods")
	wide := role("", "wide", "get,list core pods,secrets")
	for name, test := range map[string]struct {
		grants   []rbac.Grant
		ceilings []rbac.Ceiling
		want     []string
	}{
		"what is covered does not exceed": {binds(exec, "shop"), []rbac.Ceiling{over(nil, "get core pods", "create core pods/exec")}, nil},
		"what is not is told with its binding and role": {
			binds(exec, "shop"), []rbac.Ceiling{over(nil, "get,list core pods")},
			[]string{"ServiceAccount shop/api may create pods/exec in namespace shop, through RoleBinding debug and Role debug"},
		},
		"what is granted cluster-wide is told so": {
			binds(wide, ""), []rbac.Ceiling{over(nil, "get,list core pods", "get core secrets")},
			[]string{"ServiceAccount shop/api may list secrets in every namespace, through ClusterRoleBinding debug and ClusterRole wide"},
		},
		"a ceiling of a namespace does not cover the cluster": {
			binds(wide, ""), []rbac.Ceiling{over([]string{"*"}, "* * *")},
			[]string{
				"ServiceAccount shop/api may get,list pods in every namespace, through ClusterRoleBinding debug and ClusterRole wide",
				"ServiceAccount shop/api may get,list secrets in every namespace, through ClusterRoleBinding debug and ClusterRole wide",
			},
		},
		"a ceiling of the cluster covers every namespace": {binds(wide, "shop", "ops"), []rbac.Ceiling{over(nil, "get,list core pods,secrets")}, nil},
		"a ceiling of one namespace covers that alone": {
			binds(wide, "shop", "ops"), []rbac.Ceiling{over(shop, "* core *"), over(nil, "get,list core pods")},
			[]string{"ServiceAccount shop/api may get,list secrets in namespace ops, through RoleBinding debug and ClusterRole wide"},
		},
		"namespaces are patterns":        {binds(wide, "shop-1", "shop-2"), []rbac.Ceiling{over([]string{"shop-*"}, "* core *")}, nil},
		"ceilings cover together":        {binds(wide, "shop"), []rbac.Ceiling{over(shop, "get * *"), over(nil, "list core secrets,pods")}, nil},
		"no ceiling covers nothing":      {binds(exec, "shop"), nil, []string{"ServiceAccount shop/api may get pods in namespace shop, through RoleBinding debug and Role debug", "ServiceAccount shop/api may create pods/exec in namespace shop, through RoleBinding debug and Role debug"}},
		"a wildcard exceeds all but one": {binds(role("", "w", "* core pods"), "shop"), []rbac.Ceiling{over(nil, "get,list,watch,create,update,patch,delete core pods")}, []string{"ServiceAccount shop/api may * pods in namespace shop, through RoleBinding debug and ClusterRole w"}},
		"a wildcard is covered by one":   {binds(role("", "w", "* * *", "* path *"), ""), []rbac.Ceiling{over(nil, "* * *", "* path *")}, nil},
		"names that are covered are not told": {
			binds(role("", "n", "get core secrets a,b,c"), "shop"), []rbac.Ceiling{over(nil, "get core secrets a,c")},
			[]string{"ServiceAccount shop/api may get secrets[b] in namespace shop, through RoleBinding debug and ClusterRole n"},
		},
		"a ceiling by name does not cover all": {
			binds(role("", "n", "get core secrets"), "shop"), []rbac.Ceiling{over(nil, "get core secrets a")},
			[]string{"ServiceAccount shop/api may get secrets in namespace shop, through RoleBinding debug and ClusterRole n"},
		},
		"paths are covered by patterns": {
			binds(role("", "p", "get path /metrics,/apis/*,/version"), ""), []rbac.Ceiling{over(nil, "get path /metrics*,/apis*")},
			[]string{"ServiceAccount shop/api may get /version, through ClusterRoleBinding debug and ClusterRole p"},
		},
		"a RoleBinding grants no paths and no nodes": {
			binds(role("", "p", "get path /metrics", "get core nodes,nodes/proxy,namespaces"), "shop"), []rbac.Ceiling{over(nil)},
			[]string{"ServiceAccount shop/api may get namespaces in namespace shop, through RoleBinding debug and ClusterRole p"},
		},
		"of ClusterRoles it lets nothing be done but bind them": {
			binds(role("", "c", "get,bind rbac.authorization.k8s.io clusterroles"), "shop"), []rbac.Ceiling{over(nil, "get * *")},
			[]string{"ServiceAccount shop/api may bind clusterroles.rbac.authorization.k8s.io in namespace shop, through RoleBinding debug and ClusterRole c"},
		},
		"not by a wildcard either": {
			binds(role("", "c", "* rbac.authorization.k8s.io clusterroles"), "shop"), []rbac.Ceiling{over(nil, "bind * *")}, nil,
		},
		"nodes are in no namespace": {
			binds(role("", "p", "get core nodes"), ""), nil, []string{"ServiceAccount shop/api may get nodes, through ClusterRoleBinding debug and ClusterRole p"},
		},
		"a ceiling of resources and paths in one rule covers both": {
			binds(role("", "p", "get path /metrics", "get core pods a"), ""),
			[]rbac.Ceiling{{Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"a"}, NonResourceURLs: []string{"*"}}}}}, nil,
		},
		"ceilings with empty lists cover nothing": {
			binds(exec, "shop"), []rbac.Ceiling{over(nil, "- core pods", "get - pods", "get core -", "create core pods/*")},
			[]string{"ServiceAccount shop/api may get pods in namespace shop, through RoleBinding debug and Role debug", "ServiceAccount shop/api may create pods/exec in namespace shop, through RoleBinding debug and Role debug"},
		},
		"no grants exceed nothing": {nil, []rbac.Ceiling{over(nil, "get core pods")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for e := range rbac.Excess(test.grants, test.ceilings) {
				got = append(got, rbac.MayWords(api, e))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExcessThroughAGroup(t *testing.T) {
	view := role("", "view", "get core pods")
	dev, api := rbac.Subject{Kind: "Group", Name: "dev"}, rbac.ServiceAccount("shop", "api")
	bindings := []*rbac.Binding{bind("", "a", view, group("dev"), group("system:authenticated")), bind("shop", "b", view, account("shop", "api"), group("system:serviceaccounts"))}
	bindings = append(bindings, bind("shop", "b", view, account("shop", "api"), group("system:serviceaccounts"))) // as it was read for another key
	for subject, want := range map[rbac.Subject][]string{
		dev: {"Group dev may get pods in every namespace, through ClusterRoleBinding a and ClusterRole view"},
		api: {
			"ServiceAccount shop/api may get pods in every namespace, through ClusterRoleBinding a and ClusterRole view, as a member of Group system:authenticated",
			"ServiceAccount shop/api may get pods in namespace shop, through RoleBinding b and ClusterRole view", // not once more as a member
		},
	} {
		var got []string
		for e := range rbac.Excess(granted(subject, bindings, view), nil) {
			got = append(got, rbac.MayWords(subject, e))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", subject, diff)
		}
	}
}

func TestAHugeRoleExceedsAndTakesNoTime(t *testing.T) {
	huge := role("", "huge")
	huge.Rules = []rbacv1.PolicyRule{{Verbs: many("v", 1000), APIGroups: many("g", 100), Resources: many("r", 1000)}}
	scattered := role("", "scattered")
	for i := range 8000 { // each needs to be looked for among all
		scattered.Rules = append(scattered.Rules, rules(fmt.Sprintf("v%d core pods n%d", i, i))...)
	}
	ceilings := []rbac.Ceiling{{Rules: append(rules("get core pods"), scattered.Rules[1:]...)}, {Rules: []rbacv1.PolicyRule{{
		Verbs: many("v", 999), APIGroups: many("g", 100), Resources: many("r", 1000),
	}}}}
	for name, r := range map[string]*rbac.Role{"one rule of many lists": huge, "many rules": scattered} {
		t.Run(name, func(t *testing.T) {
			var bindings []*rbac.Binding
			for i := range 200 {
				bindings = append(bindings, bind(fmt.Sprintf("n%d", i), "b", r, user("jane")))
			}
			begin := time.Now()
			got := slices.Collect(rbac.Excess(granted(rbac.Subject{Kind: "User", Name: "jane"}, bindings, r), ceilings))
			if len(got) < 200 || len(got) > 11_000 {
				t.Errorf("%d permissions exceed", len(got))
			}
			if last := got[len(got)-1]; last.Grant.Binding.Ref.Name != "b" || last.Grant.Binding.Ref.Namespace != "n99" {
				t.Errorf("the last binding is %s", last.Grant.Binding.Ref)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	if got := slices.Collect(rbac.Excess(granted(rbac.Subject{Kind: "User", Name: "jane"}, []*rbac.Binding{bind("", "b", huge, user("jane"))}, huge),
		[]rbac.Ceiling{{Rules: rules("* * *")}})); len(got) > 0 {
		t.Errorf("what may hold everything exceeds: %v", got[0].Permission)
	}
}
