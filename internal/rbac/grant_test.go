package rbac_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

func TestGrants(t *testing.T) {
	view, admin, local := role("", "view", "get core pods"), role("", "admin", "* * *"), role("shop", "local", "get core secrets")
	api := rbac.ServiceAccount("shop", "api")
	for name, test := range map[string]struct {
		subject  rbac.Subject
		bindings []*rbac.Binding
		want     []string // path, words
	}{
		"a RoleBinding grants a Role of its namespace": {
			api, []*rbac.Binding{bind("shop", "b", local, account("shop", "api"))}, []string{"rolebindings[b] RoleBinding b and Role local"},
		},
		"a RoleBinding grants a ClusterRole": {
			api, []*rbac.Binding{bind("shop", "b", view, account("shop", "api"))}, []string{"rolebindings[b] RoleBinding b and ClusterRole view"},
		},
		"a ClusterRoleBinding grants a ClusterRole": {
			api, []*rbac.Binding{bind("", "b", view, account("shop", "api"))},
			[]string{"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view"},
		},
		"a RoleBinding to a Role of another namespace dangles": {api, []*rbac.Binding{bind("ops", "b", local, account("shop", "api"))}, nil},
		"a ClusterRoleBinding to a Role dangles":               {api, []*rbac.Binding{bind("", "b", local, account("shop", "api"))}, nil},
		"a binding to nothing grants nothing":                  {api, []*rbac.Binding{bind("shop", "b", role("", "gone"), account("shop", "api"))}, nil},
		"a ServiceAccount without a namespace is of the RoleBinding's": {
			api, []*rbac.Binding{bind("shop", "b", view, account("", "api")), bind("ops", "b", view, account("", "api")), bind("", "b", view, account("", "api"))},
			[]string{"rolebindings[b] RoleBinding b and ClusterRole view"},
		},
		"the user name of a ServiceAccount is the ServiceAccount": {
			api, []*rbac.Binding{bind("shop", "b", view, user("system:serviceaccount:shop:api"))},
			[]string{"rolebindings[b] RoleBinding b and ClusterRole view"},
		},
		"a ServiceAccount that is asked for by its user name is one": {
			rbac.Subject{Kind: "User", Name: "system:serviceaccount:shop:api"}, []*rbac.Binding{bind("shop", "b", view, account("shop", "api"))},
			[]string{"rolebindings[b] RoleBinding b and ClusterRole view"},
		},
		"a user whose name a ServiceAccount cannot have is matched by the name": {
			rbac.Subject{Kind: "User", Name: "system:serviceaccount:a:b:c"}, []*rbac.Binding{bind("", "b", view, account("a:b", "c"))},
			[]string{"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view"},
		},
		"each group that names the subject grants": {
			api, []*rbac.Binding{bind("", "b", view, group("system:authenticated"), group("system:serviceaccounts:shop"), account("shop", "api"))},
			[]string{
				"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view",
				"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view, as a member of Group system:serviceaccounts:shop",
				"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view, as a member of Group system:authenticated",
			},
		},
		"groups of others do not": {
			api, []*rbac.Binding{bind("", "b", view, group("system:serviceaccounts:shop2"), group("system:unauthenticated"), group("system:masters"), group("api"))}, nil,
		},
		"the anonymous user is not authenticated": {
			rbac.Subject{Kind: "User", Name: "system:anonymous"},
			[]*rbac.Binding{bind("", "a", view, group("system:authenticated")), bind("", "b", view, group("system:unauthenticated"))},
			[]string{"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view, as a member of Group system:unauthenticated"},
		},
		"a group holds what is granted to it alone": {
			rbac.Subject{Kind: "Group", Name: "dev"}, []*rbac.Binding{bind("", "b", view, group("dev")), bind("", "c", view, group("system:authenticated"), user("dev"))},
			[]string{"clusterrolebindings[b] ClusterRoleBinding b and ClusterRole view"},
		},
		"subjects that are nobody are granted nothing": {
			rbac.Subject{Kind: "User", Name: ""}, []*rbac.Binding{bind("", "b", view, user(""), rbacv1.Subject{}, account("", ""))}, nil,
		},
		"a subject that is named twice is granted once": {
			api, []*rbac.Binding{bind("shop", "b", view, account("shop", "api"), account("", "api"), user("system:serviceaccount:shop:api"))},
			[]string{"rolebindings[b] RoleBinding b and ClusterRole view"},
		},
		"bindings of one name in two namespaces are two, cluster-wide ones first": {
			api, []*rbac.Binding{
				bind("shop", "b", view, account("shop", "api")), bind("ops", "b", view, account("shop", "api")),
				bind("", "z", admin, account("shop", "api")), bind("", "a", admin, account("shop", "api")),
			},
			[]string{
				"clusterrolebindings[a] ClusterRoleBinding a and ClusterRole admin", "clusterrolebindings[z] ClusterRoleBinding z and ClusterRole admin",
				"rolebindings[ops/b] RoleBinding b and ClusterRole view", "rolebindings[b] RoleBinding b and ClusterRole view",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			told := func(bindings []*rbac.Binding) []string {
				var got []string
				for _, g := range granted(test.subject, bindings, view, admin, local) {
					got = append(got, g.Path()+" "+g.WordsFor(test.subject))
				}
				return got
			}
			if diff := cmp.Diff(test.want, told(test.bindings)); diff != "" {
				t.Error(diff)
			}
			turned := slices.Clone(test.bindings)
			slices.Reverse(turned)
			if diff := cmp.Diff(test.want, told(turned)); diff != "" {
				t.Errorf("turned round: %s", diff)
			}
		})
	}
}

func TestReachOf(t *testing.T) {
	view, local := role("", "view"), role("shop", "view")
	for name, test := range map[string]struct {
		role     *rbac.Role
		bindings []*rbac.Binding
		want     rbac.Reach
	}{
		"a role without bindings is unbound":                 {view, nil, rbac.Unbound},
		"a ClusterRoleBinding makes it cluster-wide":         {view, []*rbac.Binding{bind("shop", "a", view, user("a")), bind("", "b", view, user("a"))}, rbac.ClusterWide},
		"RoleBindings alone do not":                          {view, []*rbac.Binding{bind("shop", "a", view, user("a")), bind("ops", "b", view, user("a"))}, rbac.Namespaced},
		"a Role of the same name is another":                 {view, []*rbac.Binding{bind("shop", "a", local, user("a"))}, rbac.Unbound},
		"so is a Role of the same name elsewhere":            {local, []*rbac.Binding{bind("ops", "a", role("ops", "view"), user("a"))}, rbac.Unbound},
		"a Role is bound in its namespace":                   {local, []*rbac.Binding{bind("shop", "a", local, group("a"))}, rbac.Namespaced},
		"a binding of nobody binds nobody":                   {view, []*rbac.Binding{bind("", "a", view)}, rbac.Unbound},
		"nor does one of subjects that can be nobody":        {view, []*rbac.Binding{bind("", "a", view, user(""), account("", "api"))}, rbac.Unbound},
		"a ServiceAccount of the RoleBinding's own is bound": {view, []*rbac.Binding{bind("shop", "a", view, account("", "api"))}, rbac.Namespaced},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rbac.ReachOf(test.role, test.bindings); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
	if rbac.Unbound >= rbac.Namespaced || rbac.Namespaced >= rbac.ClusterWide {
		t.Error("a reach is not larger than a shorter one")
	}
}

func TestHolders(t *testing.T) {
	many := []rbacv1.Subject{user("a"), user(""), {Kind: "Group", APIGroup: "apps", Name: "a"}, group("a"), user("a"), account("", "api"), account("shop", "api"), user("system:serviceaccount:shop:api")}
	want := []string{"User a", "Group a", "ServiceAccount shop/api"}
	told := func(b *rbac.Binding) []string {
		var got []string
		for _, holder := range b.Holders() {
			got = append(got, holder.String())
		}
		return got
	}
	if diff := cmp.Diff(want, told(bind("shop", "b", role("", "view"), many...))); diff != "" {
		t.Error(diff)
	}
	for i := range 5000 {
		many = append(many, user(fmt.Sprintf("u%d", i)), user(fmt.Sprintf("u%d", i/2)))
	}
	got := told(bind("shop", "b", role("", "view"), many...))
	if len(got) != 5003 || !slices.Equal(got[:3], want) {
		t.Errorf("%d holders, the first are %q", len(got), got[:3])
	}
	if holders := bind("", "b", role("", "view"), account("", "api")).Holders(); len(holders) != 0 {
		t.Errorf("a ServiceAccount of no namespace is %v", holders)
	}
}

func TestReadingObjects(t *testing.T) {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "a", Labels: map[string]string{"a": "b"}}
	aggregation := &rbacv1.AggregationRule{}
	ref := func(kind, namespace string) workload.Ref {
		return workload.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: namespace, Name: "a"}
	}
	for name, test := range map[string]struct{ got, want any }{
		"a Role": {
			first(rbac.RoleOf(&rbacv1.Role{ObjectMeta: meta, Rules: rules("get core pods")})),
			&rbac.Role{Ref: ref("Role", "shop"), Rules: rules("get core pods"), Labels: meta.Labels},
		},
		"a ClusterRole is in no namespace, whatever its file says": {
			first(rbac.RoleOf(&rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules("get core pods"), AggregationRule: aggregation})),
			&rbac.Role{Ref: ref("ClusterRole", ""), Rules: rules("get core pods"), Labels: meta.Labels, Aggregation: aggregation},
		},
		"a RoleBinding to a Role of its namespace": {
			first(rbac.BindingOf(&rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "a"}, Subjects: []rbacv1.Subject{user("a")}})),
			&rbac.Binding{Ref: ref("RoleBinding", "shop"), Role: ref("Role", "shop"), Subjects: []rbacv1.Subject{user("a")}},
		},
		"a RoleBinding to a ClusterRole": {
			first(rbac.BindingOf(&rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "a"}})),
			&rbac.Binding{Ref: ref("RoleBinding", "shop"), Role: ref("ClusterRole", "")},
		},
		"a ClusterRoleBinding": {
			first(rbac.BindingOf(&rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "a"}})),
			&rbac.Binding{Ref: ref("ClusterRoleBinding", ""), Role: ref("ClusterRole", "")},
		},
		"a ClusterRoleBinding to a Role refers to nothing": {
			first(rbac.BindingOf(&rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "a"}})),
			&rbac.Binding{Ref: ref("ClusterRoleBinding", ""), Role: ref("Role", "")},
		},
		"a reference to another API group refers to nothing": {
			first(rbac.BindingOf(&rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: "apps", Kind: "ClusterRole", Name: "a"}})),
			&rbac.Binding{Ref: ref("RoleBinding", "shop"), Role: workload.Ref{Group: "apps", Kind: "ClusterRole", Name: "a"}},
		},
		"a pod is no role":     {first(rbac.RoleOf(&corev1.Pod{})), (*rbac.Role)(nil)},
		"a role is no binding": {first(rbac.BindingOf(&rbacv1.Role{})), (*rbac.Binding)(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func first[T any](value T, _ bool) T { return value }

func TestTrim(t *testing.T) {
	full := metav1.ObjectMeta{
		Name: "a", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"a": "b"}, ManagedFields: []metav1.ManagedFieldsEntry{{}},
	}
	kept := metav1.ObjectMeta{Name: "a", Labels: map[string]string{"a": "b"}}
	role, clusterRole := &rbacv1.Role{ObjectMeta: full}, &rbacv1.ClusterRole{ObjectMeta: full}
	binding, clusterBinding := &rbacv1.RoleBinding{ObjectMeta: full}, &rbacv1.ClusterRoleBinding{ObjectMeta: full}
	pod := &corev1.Pod{ObjectMeta: full}
	rbac.Trim(role)
	rbac.Trim(clusterRole)
	rbac.Trim(binding)
	rbac.Trim(clusterBinding)
	rbac.Trim(pod)
	for kind, meta := range map[string]metav1.ObjectMeta{
		"Role": role.ObjectMeta, "ClusterRole": clusterRole.ObjectMeta, "RoleBinding": binding.ObjectMeta, "ClusterRoleBinding": clusterBinding.ObjectMeta,
	} {
		if diff := cmp.Diff(kept, meta); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
	if diff := cmp.Diff(full, pod.ObjectMeta); diff != "" {
		t.Errorf("what is not of RBAC is left alone: %s", diff)
	}
}
