package builtin

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

// view returns ClusterRole view with the rules that the controller has gathered, and more.
func view(t *testing.T, more ...rbacv1.PolicyRule) *rbac.Role {
	t.Helper()
	return as(t, "view", 36, append(as(t, "system:aggregate-to-view", 36).Rules, more...)...)
}

// contributing returns a role with the label that ClusterRole view selects.
func contributing(role *rbac.Role) *rbac.Role {
	role.Labels = map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"}
	return role
}

func TestAnAggregatedRoleIsHeldAgainstWhatContributesToIt(t *testing.T) {
	selecting := func(key string) *rbacv1.AggregationRule {
		return &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{
			{MatchLabels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
			{MatchLabels: map[string]string{key: "true"}},
		}}
	}
	pods := &rbac.Role{Ref: clusterRole("exec"), Rules: []rbacv1.PolicyRule{execRule}}
	other := *pods
	other.Labels = map[string]string{"other": "true"}
	wide := view(t, execRule)
	wide.Aggregation = selecting("other")
	plain := view(t)
	plain.Aggregation = nil
	cases := map[string]struct {
		role        *rbac.Role
		aggregating []*rbac.Role
		want        Standing
		says        string
	}{
		"gathered":                       {role: view(t), want: Known},
		"not yet gathered":               {role: as(t, "view", 36), want: Known},
		"with the rules of another role": {role: view(t, execRule), aggregating: []*rbac.Role{nil, contributing(pods)}, want: Known},
		"with the rules of a role that is gone": {
			role: view(t, execRule), want: Modified, says: "may in addition create pods/exec (compared with Kubernetes v1.36)",
		},
		"with the rules that a role of Kubernetes gained": {
			role:        view(t, execRule),
			aggregating: []*rbac.Role{contributing(as(t, "system:aggregate-to-view", 36, execRule))}, want: Known,
		},
		"with the rules of a role of Kubernetes that was labelled to contribute": {
			role:        view(t, as(t, "cluster-admin", 36).Rules...),
			aggregating: []*rbac.Role{contributing(as(t, "cluster-admin", 36))}, want: Modified, says: "may in addition * *.*, * /*",
		},
		"with the rules of a role that only a changed selector selects": {
			role: wide, aggregating: []*rbac.Role{&other}, want: Modified,
			says: "may in addition create pods/exec; is in addition made of the ClusterRoles with other=true (compared",
		},
		"that is no longer gathered": {
			role: plain, want: Modified, says: "is no longer made of the ClusterRoles with rbac.authorization.k8s.io/aggregate-to-view=true (compared",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { check(t, c.want, c.says)(RoleStanding(c.role, c.aggregating)) })
	}
}

func TestAnAggregatedRoleHoldsWhatThoseBelowItAreMadeOf(t *testing.T) {
	admin := as(t, "admin", 36)
	for _, name := range []string{"system:aggregate-to-admin", "system:aggregate-to-edit", "system:aggregate-to-view"} {
		admin.Rules = append(admin.Rules, as(t, name, 36).Rules...)
	}
	check(t, Known, "")(RoleStanding(admin, nil))
	admin.Rules = append(admin.Rules, rule("get", "", "nodes"))
	check(t, Modified, "may in addition get nodes (")(RoleStanding(admin, nil))
}
