package authorization_test

import (
	"fmt"
	"math/rand/v2"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a world is made of. One namespace's name begins with that of another.
var (
	namespaces = []string{"shop", "shop-dev", "payments", "monitoring"}
	accounts   = []string{"api", "web", "worker", "default", "api-2"}
	people     = []string{
		"jane", "bob", "system:anonymous", "developers", "system:authenticated",
		"system:serviceaccount:shop:api", "system:serviceaccount:payments:web", // ServiceAccounts by their other name
		"system:serviceaccount:shop", "system:serviceaccount:shop:api:web", "system:serviceaccount::api", // and what is none
	}
	groups = []string{
		"developers", "system:authenticated", "system:unauthenticated", "system:serviceaccounts",
		"system:serviceaccounts:shop", "system:serviceaccounts:payments", "system:serviceaccounts:nowhere", "jane",
	}

	apiGroups    = []string{"", "", "", "apps", "batch", "example.com", "metrics.k8s.io"}
	resources    = []string{"pods", "secrets", "configmaps", "nodes", "deployments", "jobs", "serviceaccounts", "users", "widgets"}
	subresources = []string{"exec", "log", "proxy", "token", "scale", "status", "metrics"}
	verbs        = []string{
		"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "bind",
		"impersonate:user-info", "impersonate-on:user-info:list",
	}
	names = []string{"db", "web", "api", "DB", "*", "a:b"}
	paths = []string{"/metrics", "/healthz", "/healthz/etcd", "/logs", "/logs/kube.log", "/api", "/api/v1", "/", "/version"}
)

// What a rule may say beside these. The API server takes all of it, and half of it does not mean what it seems to.
var (
	oddResources = []string{"*/*", "pods/*", "nodes/*", "Pods", "p*ds", "pods/", "/exec", "*/", "pods/exec/deep"}
	oddVerbs     = []string{"GET", "ge*", "impersonate:*"}
	oddPaths     = []string{"/*", "/healthz/*", "/healthz*", "/logs*", "/api/**", "/*/v1", "**", "metrics", "/api*/v1", ""}
)

// seeming is what somebody might take an odd word for.
var seeming = map[string]string{
	"*/*": "pods/exec", "pods/*": "pods/exec", "nodes/*": "nodes/proxy", "Pods": "pods", "p*ds": "pods", "pods/": "pods",
	"/exec": "pods/exec", "*/": "pods", "pods/exec/deep": "pods/exec",
	"GET": "get", "ge*": "get", "impersonate:*": "impersonate:user-info", "impersonate": "impersonate:user-info",
	"/*/v1": "/api/v1", "metrics": "/metrics", "/api*/v1": "/apis/v1", "": "/",
}

const (
	plainClusterRoles   = 46
	rolesInNamespace    = 16
	bindingsInCluster   = 50
	bindingsInNamespace = 38
)

// generator makes worlds and questions. What it makes of a seed and a stream is always the same.
type generator struct{ *rand.Rand }

func newGenerator(seed, stream uint64) *generator {
	return &generator{rand.New(rand.NewPCG(seed, stream))}
}

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// oneIn is true once in so many times.
func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// some are one to most of them, which may repeat.
func some[T any](g *generator, most int, one func() T) []T {
	var found []T
	for range 1 + g.IntN(most) {
		found = append(found, one())
	}
	return found
}

// generate makes the world of a seed. Roles are named alike in several namespaces, and bindings name some that are not there.
func generate(seed uint64) world {
	g := newGenerator(seed, 0)
	w := world{clusterRoles: aggregates()}
	// Whoever is bound to all is asked about in vain, so it is one, and he in one namespace.
	w.bindings = append(w.bindings, binding("monitoring", "everything", toClusterRole(everything), account("payments", "worker")))
	for i := range plainClusterRoles {
		r := clusterRole(roleName(i), g.labels())
		for range g.IntN(4) {
			r.Rules = append(r.Rules, g.clusterRule())
		}
		w.clusterRoles = append(w.clusterRoles, r)
	}
	for n, namespace := range namespaces {
		for i := range rolesInNamespace {
			r := role(namespace, roleName(i+2*n)) // most, but not all of them, are also in the next namespace
			for range g.IntN(4) {
				r.Rules = append(r.Rules, g.rule())
			}
			w.roles = append(w.roles, r)
		}
		for i := range bindingsInNamespace {
			w.bindings = append(w.bindings, binding(namespace, fmt.Sprintf("binding-%d", i), g.roleRef(), g.subjects(true)...))
		}
	}
	for i := range bindingsInCluster {
		w.clusterBindings = append(w.clusterBindings, clusterBinding(fmt.Sprintf("binding-%d", i), g.clusterRoleName(), g.subjects(false)...))
	}
	return w
}

func roleName(i int) string { return fmt.Sprintf("role-%d", i) }

// everything is an aggregated ClusterRole with the rules of all others, also those of cluster-admin.
const everything = "aggregated-all"

// aggregates are ClusterRoles that have the rules of others, of each other, of themselves, of none and of all. Of the two that
// have those of each other, one selects others first, else the cluster may go on changing the order of their rules for ever.
func aggregates() []rbacv1.ClusterRole {
	either := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}},
		{Key: "loop", Operator: metav1.LabelSelectorOpDoesNotExist},
	}}
	return []rbacv1.ClusterRole{
		aggregated("aggregated-a", map[string]string{"top": "yes"}, matching("tier", "a")),
		aggregated("aggregated-either", map[string]string{"top": "yes"}, either, matching("tier", "a")),
		aggregated("aggregated-again", nil, matching("top", "yes")),
		aggregated("aggregated-loop-1", map[string]string{"loop": "1"}, matching("tier", "b"), matching("loop", "2")),
		aggregated("aggregated-loop-2", map[string]string{"loop": "2"}, matching("loop", "1")),
		aggregated("aggregated-self", map[string]string{"self": "yes"}, matching("self", "yes"), matching("tier", "a")),
		aggregated("aggregated-none", nil, matching("tier", "nobody")),
		aggregated(everything, nil, metav1.LabelSelector{}),
		stale(),
	}
}

// stale is an aggregated ClusterRole that is written with a rule, which does not stay.
func stale() rbacv1.ClusterRole {
	r := aggregated("aggregated-stale", nil, matching("tier", "b"))
	r.Rules = []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{"example.com"}, Resources: []string{"stale"}}}
	return r
}

func matching(key, value string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

// labels are what aggregates selects by, and by what the API server's own roles select.
func (g *generator) labels() map[string]string {
	switch g.IntN(6) {
	case 0:
		return map[string]string{"tier": "a"}
	case 1:
		return map[string]string{"tier": "b"}
	case 2:
		return map[string]string{rbacv1.GroupName + "/aggregate-to-view": "true"}
	}
	return nil
}

func (g *generator) clusterRule() rbacv1.PolicyRule {
	if !g.oneIn(4) {
		return g.rule()
	}
	return rbacv1.PolicyRule{
		Verbs: g.verbs(),
		NonResourceURLs: some(g, 3, func() string {
			switch g.IntN(20) {
			case 0:
				return rbacv1.NonResourceAll
			case 1, 2, 3, 4, 5, 6, 7, 8:
				return pick(g, oddPaths)
			}
			return pick(g, paths)
		}),
	}
}

// rule is one on resources.
func (g *generator) rule() rbacv1.PolicyRule {
	r := rbacv1.PolicyRule{
		Verbs: g.verbs(),
		APIGroups: some(g, 2, func() string {
			if g.oneIn(12) {
				return rbacv1.APIGroupAll
			}
			return pick(g, apiGroups)
		}),
		Resources: some(g, 4, g.resource),
	}
	switch g.IntN(6) {
	case 0, 1:
		r.ResourceNames = some(g, 3, func() string { return pick(g, names) })
	case 2:
		r.ResourceNames = []string{}
	case 3:
		if g.oneIn(6) {
			r.ResourceNames = []string{""}
		}
	}
	return r
}

func (g *generator) verbs() []string {
	return some(g, 4, func() string {
		switch g.IntN(24) {
		case 0:
			return rbacv1.VerbAll
		case 1:
			return pick(g, oddVerbs)
		}
		return pick(g, verbs)
	})
}

func (g *generator) resource() string {
	switch g.IntN(24) {
	case 0:
		return rbacv1.ResourceAll
	case 1, 2:
		return "*/" + pick(g, subresources)
	case 3, 4:
		return pick(g, oddResources)
	case 5, 6, 7, 8, 9, 10:
		return pick(g, resources) + "/" + pick(g, subresources)
	}
	return pick(g, resources)
}

// roleRef is that of a RoleBinding. One in four names of Roles is that of none in the namespace.
func (g *generator) roleRef() rbacv1.RoleRef {
	if g.oneIn(3) {
		return toClusterRole(g.clusterRoleName())
	}
	return toRole(roleName(g.IntN(rolesInNamespace + 2*(len(namespaces)-1))))
}

func (g *generator) clusterRoleName() string {
	switch g.IntN(12) {
	case 0:
		return pick(g, []string{"aggregated-a", "aggregated-again", "aggregated-loop-2", "aggregated-self", "aggregated-stale"})
	case 1:
		return pick(g, []string{"view", "edit", "system:node-proxier", "gone"})
	}
	return roleName(g.IntN(plainClusterRoles + 4)) // a few are not there
}

// subjects are those of a binding. Some have none.
func (g *generator) subjects(namespaced bool) []rbacv1.Subject {
	if g.oneIn(20) {
		return nil
	}
	return some(g, 3, func() rbacv1.Subject {
		switch g.IntN(12) {
		case 0, 1:
			return group(pick(g, groups))
		case 2, 3, 4:
			s := user(pick(g, people))
			if g.oneIn(4) {
				s.Namespace = pick(g, namespaces) // which says nothing
			}
			return s
		case 5, 6:
			if namespaced {
				return account("", pick(g, accounts))
			}
		}
		return account(pick(g, namespaces), pick(g, accounts))
	})
}
