package authorization_test

import (
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

// rulesCase is what rules allow to whom a ClusterRoleBinding gives them, and what they do not. What is asked is
// "verb resource/subresource.group name in namespace" or "verb /path".
type rulesCase struct {
	name            string
	rules           []rbacv1.PolicyRule
	allowed, denied []string
}

var rulesCases = []rulesCase{
	{
		name:    "impersonate is a verb on what is impersonated",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"users"}, ResourceNames: []string{"jane"}}},
		allowed: []string{"impersonate users jane"},
		denied:  []string{"impersonate users bob", "impersonate groups jane", "impersonate users", "impersonate:user-info users.authentication.k8s.io jane"},
	},
	{
		name:    "impersonate in all API groups does not give constrained impersonation",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"impersonate"}, APIGroups: []string{"*"}, Resources: []string{"*"}}},
		allowed: []string{"impersonate users jane", "impersonate userextras/scopes.authentication.k8s.io view"},
		denied:  []string{"impersonate:user-info users.authentication.k8s.io jane", "impersonate-on:user-info:list pods in shop"},
	},
	{
		name: "impersonate:user-info is a verb of its own",
		rules: []rbacv1.PolicyRule{{
			Verbs: []string{"impersonate:user-info"}, APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"users", "groups"},
		}},
		allowed: []string{"impersonate:user-info users.authentication.k8s.io jane", "impersonate:user-info groups.authentication.k8s.io ops"},
		denied: []string{
			"impersonate users jane", "impersonate users.authentication.k8s.io jane", "impersonate:user-info users jane",
			"impersonate:serviceaccount serviceaccounts.authentication.k8s.io api in shop",
		},
	},
	{
		name:    "impersonate-on:user-info:list is a verb of its own",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"impersonate-on:user-info:list"}, APIGroups: []string{""}, Resources: []string{"pods"}}},
		allowed: []string{"impersonate-on:user-info:list pods in shop"},
		denied: []string{
			"list pods in shop", "impersonate-on:user-info:get pods in shop", "impersonate-on:serviceaccount:list pods in shop",
			"impersonate-on:user-info:list secrets in shop",
		},
	},
	{
		name:    "impersonate:* and impersonate-on:* are no wildcards",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"impersonate:*", "impersonate-on:*", "impersonate-on:user-info:*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}},
		allowed: []string{"impersonate:* users jane"},
		denied:  []string{"impersonate:user-info users.authentication.k8s.io jane", "impersonate-on:user-info:list pods in shop"},
	},
	{
		name:    "the wildcard of verbs gives constrained impersonation too",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"authentication.k8s.io", ""}, Resources: []string{"users", "pods"}}},
		allowed: []string{"impersonate users jane", "impersonate:user-info users.authentication.k8s.io jane", "impersonate-on:user-info:list pods in shop"},
		denied:  []string{"impersonate groups ops"},
	},
	{
		name:    "nodes/metrics is not nodes/proxy",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes/metrics", "nodes/stats"}}},
		allowed: []string{"get nodes/metrics node-0", "get nodes/stats"},
		denied:  []string{"get nodes/proxy node-0", "get nodes/log node-0", "get nodes node-0", "create nodes/metrics node-0"},
	},
	{
		name:    "nodes/proxy does not name the finer subresources of nodes",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"get", "create"}, APIGroups: []string{""}, Resources: []string{"nodes/proxy"}}},
		allowed: []string{"get nodes/proxy node-0", "create nodes/proxy node-0"},
		denied:  []string{"get nodes/metrics node-0", "get nodes/configz node-0", "get nodes/pods", "get pods/proxy web in shop"},
	},
	{
		name:    "pods/* is a name and not a wildcard",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"pods/*"}}},
		allowed: []string{"get pods/* web in shop"},
		denied:  []string{"create pods/exec web in shop", "get pods web in shop", "get pods/log web in shop"},
	},
	{
		name:    "*/exec is a wildcard of resources",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"create"}, APIGroups: []string{"*"}, Resources: []string{"*/exec"}}},
		allowed: []string{"create pods/exec web in shop", "create widgets/exec.example.com", "create */exec"},
		denied:  []string{"create pods in shop", "create exec", "create pods/log web in shop", "create pods/exec/deep web in shop"},
	},
	{
		name:    "*/* gives no subresource but *",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"*/*"}}},
		allowed: []string{"create pods/* in shop"},
		denied:  []string{"create pods/exec web in shop", "create pods in shop"},
	},
	{
		name:    "the wildcard of resources gives subresources",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"*"}}},
		allowed: []string{"create pods/exec web in shop", "create secrets in shop", "create anything/at-all"},
		denied:  []string{"get pods web in shop", "create deployments.apps in shop"},
	},
	{
		name:    "everything of another API group is not secrets",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"apps", "example.com"}, Resources: []string{"*"}}},
		allowed: []string{"get secrets.example.com db in shop", "delete deployments.apps web in shop"},
		denied:  []string{"get secrets db in shop", "list secrets in shop", "create pods/exec web in shop", "get pods.metrics.k8s.io web in shop"},
	},
	{
		name: "resourceNames leave nothing that has no name",
		rules: []rbacv1.PolicyRule{{
			Verbs: []string{"create", "list", "get", "deletecollection"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"db"},
		}},
		allowed: []string{"get secrets db in shop", "list secrets db in shop", "create secrets db in shop"},
		denied:  []string{"list secrets in shop", "create secrets in shop", "deletecollection secrets in shop", "get secrets web in shop"},
	},
	{
		name:    "the empty name in resourceNames is that of a request without one",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"list", "get"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{""}}},
		allowed: []string{"list secrets in shop"},
		denied:  []string{"get secrets db in shop"},
	},
	{
		name:    "* in resourceNames is a name",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"*"}}},
		allowed: []string{"get secrets * in shop"},
		denied:  []string{"get secrets db in shop", "get secrets in shop"},
	},
	{
		name:    "the star ends a path",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz/*", "/logs*", "/apis/**", "/*/v1"}}},
		allowed: []string{"get /healthz/", "get /healthz/etcd", "get /logs", "get /logs/kube.log", "get /logsrotate", "get /apis/apps/v1", "get /*/v1"},
		denied:  []string{"get /healthz", "get /api/v1", "get /apis", "post /logs", "get /"},
	},
	{
		name:    "two stars are every path",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"**"}}},
		allowed: []string{"get /metrics", "get /"},
		denied:  []string{"put /metrics", "get pods in shop"},
	},
	{
		name:    "everything on resources is no path",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}},
		allowed: []string{"get secrets db in shop", "escalate clusterroles.rbac.authorization.k8s.io admin"},
		denied:  []string{"get /metrics", "get /"},
	},
	{
		name:    "names are what they are in upper and lower case",
		rules:   []rbacv1.PolicyRule{{Verbs: []string{"GET", "get "}, APIGroups: []string{""}, Resources: []string{"secrets"}}, {Verbs: []string{"get"}, APIGroups: []string{"Apps"}, Resources: []string{"Deployments"}}},
		allowed: []string{"GET secrets db in shop", "get Deployments.Apps web in shop"},
		denied:  []string{"get secrets db in shop", "get deployments.apps web in shop"},
	},
}

// caseName is the name of what a case puts into the world: its role, its binding and its group, which has nothing else.
func caseName(i int) string { return fmt.Sprintf("case-%d", i) }

// caseObjects are what the cases below need in the world.
func caseObjects() world {
	w := holderObjects()
	for i, c := range rulesCases {
		w.clusterRoles = append(w.clusterRoles, clusterRole(caseName(i), nil, c.rules...))
		w.clusterBindings = append(w.clusterBindings, clusterBinding(caseName(i), caseName(i), group(caseName(i))))
	}
	return w
}

func TestRulesAllowWhatTheySay(t *testing.T) {
	o := onServer(t)
	a := newAsker(o.world)
	for i, c := range rulesCases {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range c.allowed {
				expectAnswer(t, o, a, question{group(caseName(i)), request(text)}, true)
			}
			for _, text := range c.denied {
				expectAnswer(t, o, a, question{group(caseName(i)), request(text)}, false)
			}
		})
	}
}

// expectAnswer fails unless both give the answer, and agree why.
func expectAnswer(t *testing.T, o *oracle, a *asker, q question, want bool) {
	t.Helper()
	v, err := o.review(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if v.allowed != want {
		t.Errorf("%s\n\tthe API server says %t: %s", q, v.allowed, v.reason)
	}
	if _, ours := rbac.Allows(a.grants(q.who), q.Request); ours != want {
		t.Errorf("%s\n\twe say %t", q, ours)
	}
	if said := a.disagreement(exchange{question: q, verdict: v}); said != "" {
		t.Errorf("%s\n\t%s", q, said)
	}
}

// request is what a case asks, from its text.
func request(text string) rbac.Request {
	text, namespace, _ := strings.Cut(text, " in ")
	verb, on, _ := strings.Cut(text, " ")
	if strings.HasPrefix(on, "/") {
		return rbac.Request{Verb: verb, Path: on}
	}
	on, name, _ := strings.Cut(on, " ")
	on, group, _ := strings.Cut(on, ".")
	resource, subresource, _ := strings.Cut(on, "/")
	return rbac.Request{Verb: verb, Group: group, Resource: resource, Subresource: subresource, Name: name, Namespace: namespace}
}
