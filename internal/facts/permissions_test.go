package facts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// gathering is a ClusterRole with a label, which takes up the rules of those that have another.
func gathering(name, label, of string) *rbacv1.ClusterRole {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label: "true"}}}
	if of != "" {
		role.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{of: "true"}}}}
	}
	return role
}

func clusterBinding(name, role string, subjects ...rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects: subjects,
	}
}

func clusterRole(name string) workload.Ref {
	return workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
}

func TestARoleReachesAsFarAsThoseThatTakeItUpByWayOfOthers(t *testing.T) {
	addon, inner, outer := gathering("addon", "to-inner", ""), gathering("inner", "to-outer", "to-inner"), gathering("outer", "to-addon", "to-outer")
	jane := rbacv1.Subject{Kind: "User", Name: "jane"}
	plain := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "addon"}}
	all, without := gathering("all", "", "any"), gathering("without", "", "any")
	all.AggregationRule.ClusterRoleSelectors = []metav1.LabelSelector{{}}
	without.AggregationRule.ClusterRoleSelectors = []metav1.LabelSelector{
		{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "hidden", Operator: metav1.LabelSelectorOpDoesNotExist}}},
	}
	for name, test := range map[string]struct {
		objects []client.Object
		want    rbac.Reach
	}{
		"nobody is bound":                            {[]client.Object{addon, inner, outer}, rbac.Unbound},
		"the outermost is bound":                     {[]client.Object{addon, inner, outer, clusterBinding("b", "outer", jane)}, rbac.ClusterWide},
		"the one between is bound":                   {[]client.Object{addon, inner, outer, clusterBinding("b", "inner", jane)}, rbac.ClusterWide},
		"one that does not take it up":               {[]client.Object{addon, gathering("other", "", "to-other"), clusterBinding("b", "other", jane)}, rbac.Unbound},
		"one that takes up all, also without labels": {[]client.Object{plain, all, clusterBinding("b", "all", jane)}, rbac.ClusterWide},
		"one that takes up what lacks a label":       {[]client.Object{plain, without, clusterBinding("b", "without", jane)}, rbac.ClusterWide},
		"roles that take each other up in a cycle": {
			[]client.Object{gathering("addon", "to-inner", "to-addon"), inner, outer, clusterBinding("b", "outer", jane)}, rbac.ClusterWide,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := reach(t, facts.Remembered(test.objects), clusterRole("addon")); got != test.want {
				t.Errorf("reach = %v, want %v", got, test.want)
			}
		})
	}
	cluster := facts.Remembered([]client.Object{addon, inner, outer})
	role, err := cluster.Role(t.Context(), clusterRole("outer"))
	if err != nil {
		t.Fatal(err)
	}
	contributing, err := cluster.Contributing(t.Context(), role)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range contributing {
		names = append(names, one.Ref.Name)
	}
	if want := []string{"inner", "addon"}; !slices.Equal(names, want) {
		t.Errorf("contributing are %q, want %q", names, want)
	}
}

func TestWhatKubernetesGrantsStaysSoInABindingThatSomebodyChanged(t *testing.T) {
	const public = "system:public-info-viewer"
	group := func(name string) rbacv1.Subject {
		return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "Group", Name: name}
	}
	viewer := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: public}, Rules: []rbacv1.PolicyRule{
		{NonResourceURLs: []string{"/healthz", "/livez", "/readyz", "/version", "/version/"}, Verbs: []string{"get"}},
	}}
	wide := viewer.DeepCopy()
	wide.Rules = append(wide.Rules, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}})
	api, jane := rbac.ServiceAccount("shop", "api"), rbac.Subject{Kind: "User", Name: "jane"}
	narrow := viewer.DeepCopy()
	narrow.Rules[0].NonResourceURLs = narrow.Rules[0].NonResourceURLs[1:]
	everybody, anonymous := group("system:authenticated"), group("system:unauthenticated")
	for name, test := range map[string]struct {
		binding *rbacv1.ClusterRoleBinding
		role    *rbacv1.ClusterRole
		subject rbac.Subject
		want    int
	}{
		"as Kubernetes makes it":                    {clusterBinding(public, public, everybody, anonymous), viewer, api, 0},
		"those that are left in a hardened one":     {clusterBinding(public, public, everybody), viewer, api, 0},
		"those beside whom somebody put another":    {clusterBinding(public, public, everybody, anonymous, group("dev")), viewer, api, 0},
		"the one whom somebody put there":           {clusterBinding(public, public, everybody, rbacv1.Subject{Kind: "User", Name: "jane"}), viewer, jane, 1},
		"those of a role that somebody widened":     {clusterBinding(public, public, everybody, anonymous), wide, api, 1},
		"those of a role that somebody narrowed":    {clusterBinding(public, public, everybody, anonymous), narrow, api, 0},
		"those of another role in the same clothes": {clusterBinding("public", public, everybody), viewer, api, 1},
	} {
		t.Run(name, func(t *testing.T) {
			grants, err := facts.Remembered([]client.Object{test.binding, test.role}).Grants(t.Context(), test.subject)
			if err != nil || len(grants) != test.want {
				t.Errorf("%d grants, want %d: %v (%v)", len(grants), test.want, grants, err)
			}
		})
	}
}

func TestOfARoleOfKubernetesThatSomebodyChangedOnlyWhatItGainedIsGranted(t *testing.T) {
	const discovery = "system:service-account-issuer-discovery"
	group := func(name string) rbacv1.Subject {
		return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "Group", Name: name}
	}
	accounts := group("system:serviceaccounts")
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: discovery}, Rules: []rbacv1.PolicyRule{
		{NonResourceURLs: []string{"/openid/v1/jwks", "/debug/*"}, Verbs: []string{"get"}},
	}}
	for name, test := range map[string]struct {
		subjects []rbacv1.Subject
		want     []string
	}{
		"to those whom Kubernetes binds":                       {[]rbacv1.Subject{accounts}, []string{"get /debug/*"}},
		"all of it first where another binds the subject, too": {[]rbacv1.Subject{accounts, group("system:authenticated")}, []string{"get /debug/*, get /openid/v1/jwks", "get /debug/*"}},
		"all of it first where the subject is bound itself": {
			[]rbacv1.Subject{accounts, {Kind: "ServiceAccount", Namespace: "shop", Name: "api"}},
			[]string{"get /debug/*, get /openid/v1/jwks", "get /debug/*"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := facts.Remembered([]client.Object{role, clusterBinding(discovery, discovery, test.subjects...)})
			grants, err := cluster.Grants(t.Context(), rbac.ServiceAccount("shop", "api"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, grant := range grants {
				var words []string
				for _, permission := range rbac.Permissions(grant.Role.Rules) {
					words = append(words, permission.String())
				}
				got = append(got, strings.Join(words, ", "))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("it is granted %q, want %q", got, test.want)
			}
		})
	}
}

// An aggregated role is waited for while a controller is about to change it, and told at once where nobody is.
func TestAnAggregatedRoleIsUnsettledWhileItHasRulesOfOneThatIsGone(t *testing.T) {
	const toView = "rbac.authorization.k8s.io/aggregate-to-view"
	exec := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}}
	view := func(more ...metav1.LabelSelector) *rbacv1.ClusterRole {
		role := gathering("view", "", toView)
		role.Rules = []rbacv1.PolicyRule{exec}
		role.AggregationRule.ClusterRoleSelectors = append(role.AggregationRule.ClusterRoleSelectors, more...)
		return role
	}
	labelled := func(name string) *rbacv1.ClusterRole {
		role := gathering(name, toView, "")
		role.Rules = []rbacv1.PolicyRule{exec}
		return role
	}
	for name, test := range map[string]struct {
		objects []client.Object
		want    bool
	}{
		"the role that gave it is gone":                     {[]client.Object{view()}, true},
		"the role that gives it is there":                   {[]client.Object{view(), labelled("addon")}, false},
		"somebody made it select more":                      {[]client.Object{view(metav1.LabelSelector{MatchLabels: map[string]string{"other": "true"}})}, false},
		"somebody made a role of Kubernetes contribute":     {[]client.Object{view(), labelled("system:node")}, false},
		"a role that Kubernetes makes to contribute has it": {[]client.Object{view(), labelled("system:aggregate-to-view")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			target, _, err := facts.Remembered(test.objects).Target(t.Context(), clusterRole("view"))
			if err != nil || target == nil {
				t.Fatalf("target = %v, err = %v", target, err)
			}
			if target.Unsettled != test.want {
				t.Errorf("unsettled is %v: %s", target.Unsettled, target.Object.Other.Role.Modified)
			}
		})
	}
}

func TestOfABindingTheFirstUsersAreTargets(t *testing.T) {
	var users []rbacv1.Subject
	for i := range 200 {
		users = append(users, rbacv1.Subject{Kind: "User", Name: fmt.Sprintf("user-%03d", i)}, rbacv1.Subject{Kind: "User", Name: "user-000"},
			rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "shop", Name: fmt.Sprintf("account-%03d", i)})
	}
	everybody := clusterBinding("everybody", "view", users...)
	objects := []client.Object{everybody, clusterBinding("one", "view", rbacv1.Subject{Kind: "User", Name: "user-150"})}
	for i := range 200 {
		objects = append(objects, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("account-%03d", i)}})
	}
	cluster := facts.Remembered(objects)
	named, crowded, err := cluster.NamedSubjects(t.Context())
	if err != nil || len(named) != rbac.MaxNamed+1 || len(crowded) != 1 || crowded[0].Name != "everybody" {
		t.Fatalf("%d users are targets, want %d; %v name more (%v)", len(named), rbac.MaxNamed+1, crowded, err)
	}
	found := func(ref workload.Ref) *facts.Target {
		t.Helper()
		target, _, err := cluster.Target(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	for _, name := range []string{"user-000", "user-063", "user-064", "user-199", "user-150", "nobody"} {
		target := found(workload.Ref{Group: rbacv1.GroupName, Kind: "User", Name: name})
		if target == nil {
			t.Errorf("%s is not judged where it is asked for", name)
		} else if target.Unnamed != (name == "nobody") {
			t.Errorf("%s is said to be named by no binding: %v", name, target.Unnamed)
		}
	}
	var asked, listed []rbac.Subject
	for _, name := range []string{"user-000", "user-063", "user-064", "user-150", "user-199", "nobody"} {
		asked = append(asked, rbac.Subject{Kind: "User", Name: name})
	}
	if listed, err = cluster.Listed(t.Context(), asked); err != nil || !slices.Equal(listed, []rbac.Subject{asked[0], asked[1], asked[3]}) {
		t.Errorf("of %v are listed %v (%v)", asked, listed, err)
	}
	if found(rbac.ServiceAccount("shop", "account-199").Ref()) == nil {
		t.Error("a ServiceAccount is no target")
	}
	says := found(workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding", Name: "everybody"}).Object.Unlisted
	if !strings.Contains(says, "ClusterRoleBinding everybody names the first 64 are judged for it, and 136 are not") {
		t.Errorf("the binding says %q", says)
	}
	if says := found(workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding", Name: "one"}).Object.Unlisted; says != "" {
		t.Errorf("the binding of one says %q", says)
	}
}

// Each of the thousands that a binding names holds what it grants: none of them is to go through all the others.
func TestWhomElseABindingNamesIsNotLookedAt(t *testing.T) {
	binding := clusterBinding("b", "view", rbacv1.Subject{Kind: "User", Name: "jane"}, rbacv1.Subject{Kind: "Group", Name: rbac.Authenticated})
	cluster := facts.Remembered([]client.Object{binding, gathering("view", "", "")})
	binding.Subjects = nil // the index has them
	for subject, want := range map[rbac.Subject][]string{
		{Kind: "User", Name: "jane"}:       {"User jane", "Group system:authenticated"},
		{Kind: "User", Name: "john"}:       {"Group system:authenticated"},
		rbac.ServiceAccount("shop", "api"): {"Group system:authenticated"},
		{Kind: "Group", Name: "jane"}:      nil,
	} {
		grants, err := cluster.Grants(t.Context(), subject)
		var got []string
		for _, grant := range grants {
			got = append(got, grant.Via.String())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is granted through %q, want %q (%v)", subject, got, want, err)
		}
	}
}
