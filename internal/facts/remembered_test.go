package facts_test

import (
	"context"
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// counting counts the lists that are asked for.
type counting struct {
	client.Reader
	lists int
}

func (c *counting) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	c.lists++
	return c.Reader.List(ctx, into, options...)
}

var (
	viewer = workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: "viewer"}
	roles  = []client.Object{&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "viewer"}}}
	wide   = &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "viewers"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "viewer"},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: "jane"}},
	}
)

// reach is how far the role is said to reach.
func reach(t *testing.T, cluster *facts.Cluster, role workload.Ref) rbac.Reach {
	t.Helper()
	target, state, err := cluster.Target(t.Context(), role)
	if err != nil || state != facts.Found {
		t.Fatalf("state = %v, err = %v", state, err)
	}
	return target.Object.Other.Role.Reach
}

func TestWhatIsMadeOfAClusterRoleIsKeptUntilRBACChanges(t *testing.T) {
	cache := &counting{Reader: facts.NewMemory(roles)}
	cluster := &facts.Cluster{Cache: cache, Readable: func(schema.GroupKind) bool { return true }}
	if got := reach(t, cluster, viewer); got != rbac.Unbound {
		t.Fatalf("reach = %v, want unbound", got)
	}
	cache.lists = 0
	if got := reach(t, cluster, viewer); got != rbac.Unbound || cache.lists > 0 {
		t.Errorf("reach = %v after %d lists, want what is known already", got, cache.lists)
	}
	cache.Reader = facts.NewMemory(append(roles, wide))
	cluster.RBACChanged()
	if got := reach(t, cluster, viewer); got == rbac.Unbound {
		t.Error("the role is said to be unbound after it was bound")
	}
}

// A Role that many bindings of its namespace bind is looked at for each of them, and must not list all of them each time.
func TestWhatIsMadeOfARoleIsMadeOnceForAllItsBindings(t *testing.T) {
	objects := []client.Object{&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "viewer"}}}
	for i := range 20 {
		objects = append(objects, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprint("b", i)}, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "viewer"},
		})
	}
	cache := &counting{Reader: facts.NewMemory(objects)}
	cluster := &facts.Cluster{Cache: cache, Readable: func(schema.GroupKind) bool { return true }}
	for i := range 20 {
		ref := workload.Ref{Group: rbacv1.GroupName, Kind: "RoleBinding", Namespace: "shop", Name: fmt.Sprint("b", i)}
		if target, _, err := cluster.Target(t.Context(), ref); err != nil || target == nil || target.Object.Other.Binding.Grants == nil {
			t.Fatalf("target = %v, err = %v", target, err)
		}
	}
	if cache.lists > 2 {
		t.Errorf("20 bindings of one role take %d lists", cache.lists)
	}
}

func TestWhatWasMadeWhileAKindCouldNotBeReadIsNotKept(t *testing.T) {
	blind := true
	cluster := &facts.Cluster{
		Cache:    facts.NewMemory(append(roles, wide)),
		Readable: func(gk schema.GroupKind) bool { return !blind || gk.Kind != "RoleBinding" },
	}
	if got := reach(t, cluster, viewer); got != rbac.Unbound {
		t.Fatalf("reach = %v while bindings cannot be read, want unbound", got)
	}
	blind = false
	if got := reach(t, cluster, viewer); got == rbac.Unbound {
		t.Error("the role is said to be unbound after its binding can be read")
	}
}

func TestTheStandingOfAClusterRoleIsThatOfItsNewestRules(t *testing.T) {
	standing := func(cluster *facts.Cluster) builtin.Standing {
		t.Helper()
		target, _, err := cluster.Target(t.Context(), workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:basic-user"})
		if err != nil || target == nil {
			t.Fatalf("target = %v, err = %v", target, err)
		}
		return target.Object.Other.Role.Standing
	}
	basic := func(resources ...string) client.Reader {
		return facts.NewMemory([]client.Object{&rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "system:basic-user"},
			Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"selfsubjectaccessreviews", "selfsubjectrulesreviews"}, Verbs: []string{"create"}},
				{APIGroups: []string{"authentication.k8s.io"}, Resources: resources, Verbs: []string{"create"}},
			},
		}})
	}
	cluster := &facts.Cluster{Cache: basic("selfsubjectreviews"), Readable: func(schema.GroupKind) bool { return true }}
	if got := standing(cluster); got != builtin.Known {
		t.Fatalf("standing = %v, want known", got)
	}
	cluster.Cache = basic("selfsubjectreviews", "tokenreviews")
	cluster.RBACChanged()
	if got := standing(cluster); got != builtin.Modified {
		t.Errorf("standing = %v after the role got another rule, want modified", got)
	}
}
