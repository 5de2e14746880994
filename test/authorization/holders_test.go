package authorization_test

import (
	"slices"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"plumbline.dev/plumbline/internal/rbac"
)

// holdersCase is who has what a binding grants, and who has not. Each has a resource of its own.
type holdersCase struct {
	name            string
	resource        string
	objects         func(rule rbacv1.PolicyRule) world
	in              string // the namespace that is asked about
	allowed, denied []rbacv1.Subject
}

// holdersGroup is an API group that generated rules do not name.
const holdersGroup = "holders.example.com"

var holdersCases = []holdersCase{
	{
		name: "a ServiceAccount without namespace is that of the RoleBinding", resource: "near",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, account("", "api")) },
		in:      "shop",
		allowed: []rbacv1.Subject{account("shop", "api"), user("system:serviceaccount:shop:api")},
		denied:  []rbacv1.Subject{account("payments", "api"), account("shop-dev", "api"), user("api"), account("shop", "api-2")},
	},
	{
		name: "a ServiceAccount of another namespace may be bound", resource: "far",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, account("payments", "api")) },
		in:      "shop",
		allowed: []rbacv1.Subject{account("payments", "api")},
		denied:  []rbacv1.Subject{account("shop", "api")},
	},
	{
		name: "a RoleBinding grants in its own namespace", resource: "elsewhere",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, account("shop", "api"), user("jane")) },
		in:      "shop-dev",
		denied:  []rbacv1.Subject{account("shop", "api"), user("jane")},
	},
	{
		name: "a RoleBinding grants nothing cluster-wide", resource: "everywhere",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, account("shop", "api"), user("jane")) },
		in:      "",
		denied:  []rbacv1.Subject{account("shop", "api"), user("jane")},
	},
	{
		name: "a user named like a ServiceAccount is that ServiceAccount", resource: "alias",
		objects: func(rule rbacv1.PolicyRule) world {
			return granted("shop", rule, user("system:serviceaccount:payments:web"), user("system:serviceaccount:shop"))
		},
		in:      "shop",
		allowed: []rbacv1.Subject{account("payments", "web"), user("system:serviceaccount:payments:web"), user("system:serviceaccount:shop")},
		denied:  []rbacv1.Subject{account("shop", "web"), account("payments", "api"), group("system:serviceaccounts:shop")},
	},
	{
		name: "a ServiceAccount of a namespace that can be none is a user", resource: "colon",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, account("shop:api", "web")) },
		in:      "shop",
		allowed: []rbacv1.Subject{user("system:serviceaccount:shop:api:web")},
		denied:  []rbacv1.Subject{account("shop", "api"), account("shop", "web")},
	},
	{
		name: "the namespace of a user or a group says nothing", resource: "placed",
		objects: func(rule rbacv1.PolicyRule) world {
			jane, developers := user("jane"), group("developers")
			jane.Namespace, developers.Namespace = "payments", "payments"
			return granted("shop", rule, jane, developers)
		},
		in:      "shop",
		allowed: []rbacv1.Subject{user("jane"), group("developers")},
		denied:  []rbacv1.Subject{account("payments", "jane"), user("developers"), group("jane")},
	},
	{
		name: "the ServiceAccounts of a namespace are a group", resource: "local",
		objects: func(rule rbacv1.PolicyRule) world {
			return granted("shop", rule, group("system:serviceaccounts:payments"))
		},
		in:      "shop",
		allowed: []rbacv1.Subject{account("payments", "anything"), user("system:serviceaccount:payments:api"), group("system:serviceaccounts:payments")},
		denied:  []rbacv1.Subject{account("shop", "api"), user("jane"), user("system:serviceaccounts:payments"), group("system:serviceaccounts")},
	},
	{
		name: "all ServiceAccounts are a group", resource: "serve",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, group("system:serviceaccounts")) },
		in:      "shop",
		allowed: []rbacv1.Subject{account("shop", "api"), account("nowhere", "api")},
		denied:  []rbacv1.Subject{user("jane"), user("system:anonymous"), user("system:serviceaccount:shop"), group("system:serviceaccounts:shop")},
	},
	{
		name: "whoever is known is authenticated", resource: "known",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, group("system:authenticated")) },
		in:      "shop",
		allowed: []rbacv1.Subject{account("shop", "api"), user("jane"), user("system:serviceaccount:shop")},
		denied:  []rbacv1.Subject{user("system:anonymous"), group("developers"), group("system:unauthenticated")},
	},
	{
		name: "whoever is not known is not", resource: "unknown",
		objects: func(rule rbacv1.PolicyRule) world { return granted("shop", rule, group("system:unauthenticated")) },
		in:      "shop",
		allowed: []rbacv1.Subject{user("system:anonymous"), group("system:unauthenticated")},
		denied:  []rbacv1.Subject{account("shop", "api"), user("jane"), group("system:authenticated")},
	},
	{
		name: "a Role is that of the binding's namespace, whoever else has one of its name", resource: "alike",
		objects: func(rule rbacv1.PolicyRule) world {
			return world{
				roles:        []rbacv1.Role{role("payments", "alike", rule), role("shop", "alike")},
				bindings:     []rbacv1.RoleBinding{binding("shop", "alike", toRole("alike"), user("jane"))},
				clusterRoles: []rbacv1.ClusterRole{clusterRole("alike", nil, rule)},
			}
		},
		in:     "shop",
		denied: []rbacv1.Subject{user("jane")},
	},
	{
		name: "a roleRef to nothing grants nothing", resource: "dangle",
		objects: func(rule rbacv1.PolicyRule) world {
			return world{
				roles:           []rbacv1.Role{role("payments", "dangling", rule)},
				bindings:        []rbacv1.RoleBinding{binding("shop", "dangling", toRole("dangling"), user("jane"))},
				clusterBindings: []rbacv1.ClusterRoleBinding{clusterBinding("dangling", "dangling", user("jane"))},
			}
		},
		in:     "shop",
		denied: []rbacv1.Subject{user("jane")},
	},
	{
		name: "who is named twice has it once", resource: "twice",
		objects: func(rule rbacv1.PolicyRule) world {
			return granted("shop", rule, user("jane"), user("jane"), group("system:authenticated"), account("shop", "api"), account("", "api"))
		},
		in:      "shop",
		allowed: []rbacv1.Subject{user("jane"), account("shop", "api")},
		denied:  []rbacv1.Subject{user("system:anonymous")},
	},
}

// granted is a role with one rule, which a RoleBinding gives to subjects. Both have the name of the resource.
func granted(namespace string, rule rbacv1.PolicyRule, subjects ...rbacv1.Subject) world {
	name := rule.Resources[0]
	return world{
		clusterRoles: []rbacv1.ClusterRole{clusterRole(name, nil, rule)},
		bindings:     []rbacv1.RoleBinding{binding(namespace, name, toClusterRole(name), subjects...)},
	}
}

// holderObjects are what the cases need in the world, and the right of everybody to ask who he is.
func holderObjects() world {
	review := rbacv1.PolicyRule{Verbs: []string{"create"}, APIGroups: []string{authenticationv1.GroupName}, Resources: []string{"selfsubjectreviews"}}
	w := world{
		clusterRoles:    []rbacv1.ClusterRole{clusterRole("who-am-i", nil, review)},
		clusterBindings: []rbacv1.ClusterRoleBinding{clusterBinding("who-am-i", "who-am-i", group("system:unauthenticated"))},
	}
	for _, c := range holdersCases {
		w = w.with(c.objects(rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{holdersGroup}, Resources: []string{c.resource}}))
	}
	return w
}

func TestBindingsGrantToWhomTheyName(t *testing.T) {
	o := onServer(t)
	a := newAsker(o.world)
	for _, c := range holdersCases {
		t.Run(c.name, func(t *testing.T) {
			r := rbac.Request{Verb: "get", Group: holdersGroup, Resource: c.resource, Namespace: c.in}
			for _, who := range c.allowed {
				expectAnswer(t, o, a, question{who, r}, true)
			}
			for _, who := range c.denied {
				expectAnswer(t, o, a, question{who, r}, false)
			}
		})
	}
}

// The questions are asked for who is in his groups. This holds the groups against those that authentication gives.
func TestGroupsAreThoseOfAuthentication(t *testing.T) {
	o := onServer(t)
	for _, who := range []rbacv1.Subject{
		account("shop", "api"), account("nowhere", "nobody"), user("jane"), user("system:anonymous"),
		user("system:serviceaccount:shop:api"), user("system:serviceaccount:shop"), user("system:serviceaccount:shop:api:web"),
	} {
		name, in := identity(who)
		t.Run(name, func(t *testing.T) {
			as := rest.CopyConfig(o.config)
			as.Impersonate = rest.ImpersonationConfig{UserName: name}
			want := whoAmI(t, as)
			if !sameGroups(in, want) {
				t.Errorf("the questions are asked for %v, the API server says %v", in, want)
			}
			subject, ok := rbac.SubjectOf(who)
			if got := subject.Groups(); !ok || !sameGroups(got, want) {
				t.Errorf("%s is in %v, the API server says %v", subject, got, want)
			}
		})
	}
	t.Run("a ServiceAccount with its token", func(t *testing.T) {
		as, err := started.ServiceAccountConfig(t.Context(), metav1.NamespaceDefault, "default")
		if err != nil {
			t.Fatal(err)
		}
		want := whoAmI(t, as)
		if got := rbac.ServiceAccount(metav1.NamespaceDefault, "default").Groups(); !sameGroups(got, want) {
			t.Errorf("it is in %v, the API server says %v", got, want)
		}
	})
}

// whoAmI returns the groups of whoever a configuration is for.
func whoAmI(t *testing.T, config *rest.Config) []string {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.UserInfo.Groups
}

func sameGroups(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
