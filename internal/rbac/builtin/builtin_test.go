package builtin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

var execRule = rule("create", "", "pods/exec")

func rule(verb, group, resource string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: []string{verb}, APIGroups: []string{group}, Resources: []string{resource}}
}

// as returns a ClusterRole as an API server of the minor makes it without feature gates, and more rules.
func as(t *testing.T, name string, minor int, more ...rbacv1.PolicyRule) *rbac.Role {
	t.Helper()
	made := known().roles[clusterRole(name)]
	if made == nil {
		t.Fatalf("there is no built-in ClusterRole %s", name)
	}
	return &rbac.Role{Ref: made.Ref(), Aggregation: made.Aggregation, Rules: slices.Concat(made.required(minor), more)}
}

// full returns all that a role may allow in the minor.
func full(made *Role, minor int) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, r := range made.Rules {
		if slices.Contains(in(r.Minors, in(made.Minors, known().minors)), minor) {
			rules = append(rules, r.PolicyRule)
		}
	}
	return rules
}

func TestARoleIsKnownByWhatItAllows(t *testing.T) {
	scheduler := as(t, "system:kube-scheduler", 36)
	cases := map[string]struct {
		role *rbac.Role
		want Standing
		says string
	}{
		"as the newest version makes it": {role: as(t, "system:kube-scheduler", 36), want: Known},
		"as the oldest version makes it": {role: as(t, "system:kube-scheduler", 31), want: Known},
		"with what depends on gates":     {role: &rbac.Role{Ref: scheduler.Ref, Rules: full(known().roles[scheduler.Ref], 33)}, want: Known},
		"upgraded from the oldest version to the newest": {
			role: as(t, "system:kube-scheduler", 36, full(known().roles[scheduler.Ref], 31)...), want: Known,
		},
		"spelled in another way": {
			role: &rbac.Role{Ref: clusterRole("cluster-admin"), Rules: []rbacv1.PolicyRule{
				{Verbs: []string{"*", "get"}, APIGroups: []string{"", "*"}, Resources: []string{"*", "pods"}},
				{Verbs: []string{"*"}, NonResourceURLs: []string{"/healthz", "*"}},
			}}, want: Known,
		},
		"with a rule more that allows nothing new": {role: as(t, "system:basic-user", 36, rule("create", "authorization.k8s.io", "selfsubjectaccessreviews")), want: Known},
		"with a rule more that is no rule":         {role: as(t, "system:basic-user", 36, rbacv1.PolicyRule{}, rbacv1.PolicyRule{Verbs: []string{"*"}}), want: Known},
		"with a rule more": {
			role: as(t, "system:basic-user", 36, execRule), want: Modified,
			says: "may in addition create pods/exec (compared with Kubernetes v1.36)",
		},
		"with all rules": {
			role: as(t, "system:basic-user", 36, as(t, "cluster-admin", 36).Rules...), want: Modified,
			says: "may in addition * *.*, * /* (compared with Kubernetes v1.36)",
		},
		"with a rule less": {
			role: &rbac.Role{Ref: clusterRole("system:persistent-volume-provisioner"), Rules: as(t, "system:persistent-volume-provisioner", 36).Rules[1:]},
			want: Modified, says: "may no longer ",
		},
		"as an old version makes it, with a rule more": {
			role: as(t, "system:controller:expand-controller", 31, execRule), want: Modified,
			says: "may in addition create pods/exec (compared with Kubernetes v1.3",
		},
		"of an old version with a rule of a newer one": {
			role: as(t, "system:aggregate-to-edit", 34, rule("create", "events.k8s.io", "events")), want: Modified,
			says: "may in addition create events.events.k8s.io (compared with Kubernetes v1.34)",
		},
		"whose verbs were widened to a wildcard": {
			role: as(t, "system:discovery", 36, rbacv1.PolicyRule{Verbs: []string{"*"}, NonResourceURLs: []string{"/version"}}), want: Modified,
			says: "may in addition * /version",
		},
		"that selects others to be made of": {
			role: &rbac.Role{
				Ref: clusterRole("system:basic-user"), Rules: as(t, "system:basic-user", 36).Rules,
				Aggregation: &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{}}},
			},
			want: Modified, says: "is in addition made of every ClusterRole",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { check(t, c.want, c.says)(RoleStanding(c.role, nil)) })
	}
}

// check holds a standing against what is expected of it, and its words against how they begin.
func check(t *testing.T, want Standing, says string) func(Standing, string) {
	return func(got Standing, words string) {
		t.Helper()
		if got != want {
			t.Errorf("the standing is %d (%q), not %d", got, words, want)
		}
		if want == Modified && !strings.HasPrefix(words, says) || want != Modified && words != "" {
			t.Errorf("it says %q, not %q", words, says)
		}
	}
}

func TestWhatAModifiedRoleGainedIsAllBeyondTheNearestVersion(t *testing.T) {
	narrow := as(t, "system:discovery", 36)
	narrow.Rules = []rbacv1.PolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/api", "/healthz"}}}
	moved := as(t, "system:discovery", 36)
	moved.Rules = []rbacv1.PolicyRule{{Verbs: []string{"get", "post"}, NonResourceURLs: []string{"/api", "/debug"}}}
	selecting := as(t, "system:basic-user", 36)
	selecting.Aggregation = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{}}}
	for name, c := range map[string]struct {
		role *rbac.Role
		want string
	}{
		"a known role":                           {as(t, "system:basic-user", 36), ""},
		"a role that allows less":                {narrow, ""},
		"a role that allows less, and more":      {moved, "post /api, get,post /debug"},
		"a role with a rule more":                {as(t, "system:basic-user", 36, execRule), "create pods/exec"},
		"a role that was made to gather others":  {selecting, ""},
		"a role that nobody knows, of all rules": {&rbac.Role{Ref: clusterRole("mine"), Rules: []rbacv1.PolicyRule{execRule}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := CompareRole(c.role, nil)
			var words []string
			for _, permission := range rbac.Permissions(got.Gained) {
				words = append(words, permission.String())
			}
			if gained := strings.Join(words, ", "); gained != c.want {
				t.Errorf("gained %q, want %q (%s)", gained, c.want, got.Words)
			}
			if got.Passing {
				t.Error("it is said to pass, and no controller changes it")
			}
		})
	}
}

func TestARoleThatBorrowsANameOrALabelIsForeign(t *testing.T) {
	labels := map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"}
	namespaced := clusterRole("cluster-admin")
	namespaced.Kind, namespaced.Namespace = "Role", "shop"
	elsewhere := namespaced
	elsewhere.Name = "system:controller:bootstrap-signer"
	for name, role := range map[string]*rbac.Role{
		"none":                            nil,
		"a prefix":                        {Ref: clusterRole("system:backup"), Labels: labels},
		"a longer name":                   {Ref: clusterRole("system:controller:deployment-controller-2"), Labels: labels},
		"another letter case":             {Ref: clusterRole("Cluster-Admin"), Labels: labels},
		"the name of a ClusterRole":       {Ref: namespaced, Labels: labels},
		"the name in another namespace":   {Ref: elsewhere, Labels: labels},
		"what an installer adds":          {Ref: clusterRole("kubeadm:get-nodes"), Labels: labels},
		"what an add-on of Kubernetes is": {Ref: clusterRole("system:coredns"), Labels: labels},
	} {
		t.Run(name, func(t *testing.T) { check(t, Foreign, "")(RoleStanding(role, nil)) })
	}
}

func TestEveryVersionsRolesAreKnown(t *testing.T) {
	x := known()
	if len(x.roles) < 75 || len(x.bindings) < 60 || len(x.minors) != 6 {
		t.Fatalf("%d roles, %d bindings, minors %v", len(x.roles), len(x.bindings), x.minors)
	}
	for ref, made := range x.roles {
		for _, minor := range in(made.Minors, x.minors) {
			for _, rules := range [][]rbacv1.PolicyRule{made.required(minor), full(made, minor), x.allowed(made, minor)} {
				role := &rbac.Role{Ref: ref, Rules: rules, Aggregation: made.Aggregation}
				if got, words := RoleStanding(role, nil); got != Known {
					t.Errorf("%s of v1.%d: %d %s", ref, minor, got, words)
				}
			}
		}
	}
}

func TestTheWordsOfAModificationAreBounded(t *testing.T) {
	role := as(t, "system:basic-user", 36)
	for i := range 2000 {
		role.Rules = append(role.Rules, rule("get", fmt.Sprintf("group-%d.example.com", i), strings.Repeat("é", 2000)))
	}
	standing, words := RoleStanding(role, nil)
	check(t, Modified, "may in addition get é")(standing, words)
	if len(words) > 900 || !strings.Contains(words, ") and 1999 more (") {
		t.Errorf("%d bytes: %s", len(words), words)
	}

	role = as(t, "system:basic-user", 36)
	for i := range 20 {
		role.Rules = append(role.Rules, rule("get", "", fmt.Sprintf("r%02d", i)))
	}
	check(t, Modified, "may in addition get r00, get r01, get r02, get r03, get r04, get r05, get r06, get r07 and 12 more (")(RoleStanding(role, nil))
}

// Findings are told by these words.
func TestTwoModificationsNeverReadTheSame(t *testing.T) {
	modified := func(last string) string {
		role := as(t, "system:basic-user", 36)
		for i := range 10 {
			role.Rules = append(role.Rules, rule("get", "", fmt.Sprintf("r%02d", i)))
		}
		role.Rules = append(role.Rules, rule("get", "", last))
		_, words := RoleStanding(role, nil)
		return words
	}
	if once, again := modified("secrets"), modified("secrets"); once == modified("services") || once != again {
		t.Errorf("what is not shown makes no difference: %s", modified("secrets"))
	}
	long := strings.Repeat("x", 2000)
	if modified(long+"a") == modified(long+"b") {
		t.Error("the end of a long name makes no difference")
	}
}
