package rbac_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

// selects makes a ClusterRole gather those that have the labels.
func selects(r *rbac.Role, keys ...string) *rbac.Role {
	r.Aggregation = &rbacv1.AggregationRule{}
	for _, key := range keys {
		r.Aggregation.ClusterRoleSelectors = append(r.Aggregation.ClusterRoleSelectors, metav1.LabelSelector{MatchLabels: map[string]string{key: "true"}})
	}
	return r
}

func labelled(r *rbac.Role, keys ...string) *rbac.Role {
	r.Labels = map[string]string{}
	for _, key := range keys {
		r.Labels[key] = "true"
	}
	return r
}

func TestAggregate(t *testing.T) {
	for name, test := range map[string]struct {
		roles []*rbac.Role
		want  map[string][]string
	}{
		"an aggregated role holds what it selects, in the order of names": {
			[]*rbac.Role{selects(role("", "a"), "x"), labelled(role("", "c", "get core pods"), "x"), labelled(role("", "b", "list core pods", "get core pods"), "x"), role("", "d", "* * *")},
			map[string][]string{"a": {"list pods", "get pods"}, "d": {"* *.*"}},
		},
		"what its file says is replaced": {
			[]*rbac.Role{selects(role("", "a", "* * *"), "x"), labelled(role("", "b", "get core pods"), "x")}, map[string][]string{"a": {"get pods"}},
		},
		"unless nothing in the files is selected": {
			[]*rbac.Role{selects(role("", "a", "* * *"), "x"), role("", "b", "get core pods")}, map[string][]string{"a": {"* *.*"}},
		},
		"several selectors gather together": {
			[]*rbac.Role{selects(role("", "a"), "x", "y"), labelled(role("", "b", "get core b"), "x"), labelled(role("", "c", "get core c"), "y")},
			map[string][]string{"a": {"get b", "get c"}},
		},
		"a Role is not gathered": {
			[]*rbac.Role{selects(role("", "a"), "x"), labelled(role("shop", "b", "get core pods"), "x")}, map[string][]string{"a": nil, "b": {"get pods"}},
		},
		"through others": {
			[]*rbac.Role{selects(role("", "a"), "x"), labelled(selects(role("", "b", "* * *"), "y"), "x"), labelled(role("", "c", "get core pods"), "y")},
			map[string][]string{"a": {"get pods"}, "b": {"get pods"}},
		},
		"through others that come before": {
			[]*rbac.Role{selects(role("", "z"), "x"), labelled(selects(role("", "b", "* * *"), "y"), "x"), labelled(role("", "c", "get core pods"), "y")},
			map[string][]string{"z": {"get pods"}, "b": {"get pods"}},
		},
		"through one that selects nothing": {
			[]*rbac.Role{selects(role("", "a"), "x"), labelled(selects(role("", "b", "get core pods"), "y"), "x")},
			map[string][]string{"a": {"get pods"}, "b": {"get pods"}},
		},
		"a role does not select itself": {
			[]*rbac.Role{labelled(selects(role("", "a", "* * *"), "x"), "x"), labelled(role("", "b", "get core pods"), "x")}, map[string][]string{"a": {"get pods"}},
		},
		"a cycle ends, and all in it hold what any selects": {
			[]*rbac.Role{
				labelled(selects(role("", "a"), "b", "x"), "a"), labelled(selects(role("", "b"), "c"), "b"), labelled(selects(role("", "c"), "a", "y"), "c"),
				labelled(role("", "x", "get core x"), "x"), labelled(role("", "y", "get core y"), "y"), selects(role("", "outside"), "b"),
			},
			map[string][]string{"a": {"get x", "get y"}, "b": {"get x", "get y"}, "c": {"get x", "get y"}, "outside": {"get x", "get y"}, "x": {"get x"}},
		},
		"what roles in a cycle say themselves goes round in it": {
			[]*rbac.Role{labelled(selects(role("", "a", "get core pods"), "b"), "a"), labelled(selects(role("", "b"), "a"), "b")},
			map[string][]string{"a": {"get pods"}, "b": {"get pods"}},
		},
		"two cycles with a way between them": {
			[]*rbac.Role{
				labelled(selects(role("", "a"), "b", "c"), "a"), labelled(selects(role("", "b"), "a", "x"), "b"),
				labelled(selects(role("", "c"), "d", "y"), "c"), labelled(selects(role("", "d"), "c"), "d"),
				labelled(role("", "x", "get core x"), "x"), labelled(role("", "y", "get core y"), "y"),
			},
			map[string][]string{"a": {"get x", "get y"}, "b": {"get x", "get y"}, "c": {"get y"}, "d": {"get y"}},
		},
		"a rule that looks like another is another": {
			[]*rbac.Role{
				selects(role("", "a"), "x"), labelled(&rbac.Role{Ref: role("", "b").Ref, Rules: []rbacv1.PolicyRule{{Verbs: []string{"get list"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}, "x"),
				labelled(role("", "c", "get,list core pods"), "x"),
			},
			map[string][]string{"a": {`"get list" pods`, "get,list pods"}},
		},
		"no selector selects nothing": {[]*rbac.Role{selects(role("", "a", "get core pods")), role("", "b", "* * *")}, map[string][]string{"a": {"get pods"}}},
	} {
		t.Run(name, func(t *testing.T) {
			rbac.Aggregate(test.roles)
			for _, r := range test.roles {
				want, told := test.want[r.Ref.Name]
				var got []string
				for _, one := range r.Rules {
					got = append(got, strung(rbac.Permissions([]rbacv1.PolicyRule{one}))...)
				}
				if told && !slices.Equal(got, want) {
					t.Errorf("%s: %s", r.Ref, cmp.Diff(want, got))
				}
			}
		})
	}
}

func TestASelectorThatCannotBeReadLeavesTheRoleAlone(t *testing.T) {
	a := selects(role("", "a", "get core pods"), "x")
	a.Aggregation.ClusterRoleSelectors = append(a.Aggregation.ClusterRoleSelectors, metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "x", Operator: "Like"}},
	})
	rbac.Aggregate([]*rbac.Role{a, labelled(role("", "b", "* * *"), "x")})
	if got := strung(rbac.Permissions(a.Rules)); !slices.Equal(got, []string{"get pods"}) {
		t.Errorf("got %q", got)
	}
}

func TestManyRolesThatSelectEachOtherTakeNoTime(t *testing.T) {
	var roles []*rbac.Role
	for i := range 1000 {
		r := role("", fmt.Sprintf("r%d", i), fmt.Sprintf("get core r%d", i))
		r.Aggregation = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{}}}
		roles = append(roles, r)
	}
	begin := time.Now()
	rbac.Aggregate(roles)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	for _, r := range roles {
		if len(r.Rules) != 1000 {
			t.Fatalf("%s has %d rules", r.Ref, len(r.Rules))
		}
	}
}
