package authorization_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
)

const (
	bootstrapping   = "kubernetes.io/bootstrapping=rbac-defaults"
	aggregateToView = "rbac.authorization.k8s.io/aggregate-to-view"
)

// fresh is an API server of which nobody has changed anything yet. The one that other tests share is full of roles.
type fresh struct {
	*testing.T
	plane  *controlplane.ControlPlane
	client kubernetes.Interface
}

func TestBuiltInRolesOfARealAPIServer(t *testing.T) {
	plane, err := controlplane.Start(t.Context(), controlplane.Options{Workloads: true, Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := kubernetes.NewForConfig(plane.Config())
	if err != nil {
		t.Fatal(err)
	}
	on := func(test func(*fresh)) func(*testing.T) {
		return func(t *testing.T) { test(&fresh{t, plane, client}) }
	}
	t.Run("its version is known", on((*fresh).itsVersionIsKnown))
	t.Run("all that it makes is known", on((*fresh).allIsKnown))
	t.Run("what borrows a name and the label is foreign", on((*fresh).borrowedIsForeign))
	t.Run("what another role contributes is no modification", on((*fresh).contributedIsKnown))
	t.Run("what a built-in role is made to contribute is one", on((*fresh).madeToContributeIsModified))
	t.Run("what was changed is told apart, also after a restart", on((*fresh).changedIsModified))
}

// The table must be made anew when the control plane of the tests is of a newer minor: see hack/builtinroles.
func (f *fresh) itsVersionIsKnown() {
	version, err := f.client.Discovery().ServerVersion()
	f.must(err)
	minor, err := strconv.Atoi(version.Minor)
	f.must(err)
	if builtin.Newest() < minor {
		f.Errorf("the API server is v1.%d, and the newest whose roles are known is v1.%d: add it to hack/builtinroles", minor, builtin.Newest())
	}
}

func (f *fresh) allIsKnown() {
	f.until("ClusterRole admin has gathered its own rules, and those of edit and view", func() bool {
		return f.rules("admin", "create", "rolebindings") && f.rules("admin", "create", "pods/exec") && f.rules("admin", "get", "pods/log")
	})
	roles, bindings := f.all(bootstrapping)
	for _, role := range roles {
		if standing, words := builtin.RoleStanding(role, f.aggregating(role)); standing != builtin.Known {
			f.Errorf("%s: standing %d: %s", role.Ref, standing, words)
		}
	}
	for _, binding := range bindings {
		if standing, words := builtin.BindingStanding(binding); standing != builtin.Known {
			f.Errorf("%s: standing %d: %s", binding.Ref, standing, words)
		}
	}
	f.Logf("%d roles and %d bindings", len(roles), len(bindings))
	if len(roles) < 70 || len(bindings) < 55 {
		f.Errorf("these are not all: %d roles and %d bindings", len(roles), len(bindings))
	}
	others, more := f.all("!kubernetes.io/bootstrapping")
	for _, role := range others {
		if standing, _ := builtin.RoleStanding(role, nil); standing != builtin.Foreign {
			f.Errorf("%s: standing %d, but it has not the label", role.Ref, standing)
		}
	}
	for _, binding := range more {
		if standing, _ := builtin.BindingStanding(binding); standing != builtin.Foreign {
			f.Errorf("%s: standing %d, but it has not the label", binding.Ref, standing)
		}
	}
}

func (f *fresh) borrowedIsForeign() {
	f.create("system:controller:backup-controller", map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"})
	f.want("system:controller:backup-controller", builtin.Foreign, "")
}

func (f *fresh) contributedIsKnown() {
	f.create("debugger", map[string]string{aggregateToView: "true"})
	f.until("ClusterRoles view and admin may exec", func() bool { return f.rules("view", "create", "pods/exec") && f.rules("admin", "create", "pods/exec") })
	for _, name := range []string{"view", "edit", "admin"} {
		f.want(name, builtin.Known, "")
	}
	f.want("debugger", builtin.Foreign, "")
}

func (f *fresh) madeToContributeIsModified() {
	f.patch("cluster-admin", `{"metadata":{"labels":{"`+aggregateToView+`":"true"}}}`)
	f.until("ClusterRole view may do all", func() bool { return f.rules("view", "*", "*") })
	f.want("cluster-admin", builtin.Known, "")
	f.want("view", builtin.Modified, "may in addition * ")
	f.patch("cluster-admin", `{"metadata":{"labels":{"`+aggregateToView+`":null}}}`)
	f.until("ClusterRole view is as it was", func() bool {
		standing, _ := f.standing("view")
		return standing == builtin.Known
	})
}

func (f *fresh) changedIsModified() {
	const extended, shrunk = "system:discovery", "system:basic-user"
	f.patch(extended, `{"rules":[{"verbs":["create"],"apiGroups":[""],"resources":["pods/exec"]}]}`)
	f.patch(shrunk, `{"rules":[{"verbs":["create"],"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectaccessreviews"]}]}`)
	f.want(extended, builtin.Modified, "may in addition create pods/exec; may no longer get /api")
	f.want(shrunk, builtin.Modified, "may no longer create selfsubject")

	subjects := `{"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}]}`
	_, err := f.client.RbacV1().ClusterRoleBindings().Patch(f.Context(), "cluster-admin", types.MergePatchType, []byte(subjects), metav1.PatchOptions{})
	f.must(err)
	f.wantBinding("cluster-admin", "grants in addition to User jane; no longer grants to Group system:masters (compared with Kubernetes v1.")

	// An API server that starts adds what its roles lack, and takes nothing away.
	f.must(f.plane.StopAPIServer(f.Context()))
	f.must(f.plane.StartAPIServer(f.Context()))
	f.want(extended, builtin.Modified, "may in addition create pods/exec (compared with Kubernetes v1.")
	f.want(shrunk, builtin.Known, "")
	f.wantBinding("cluster-admin", "grants in addition to User jane (compared with Kubernetes v1.")
}

func (f *fresh) want(name string, want builtin.Standing, says string) {
	f.Helper()
	if standing, words := f.standing(name); standing != want || !strings.HasPrefix(words, says) || (says == "") != (words == "") {
		f.Errorf("ClusterRole %s: standing %d (%q), not %d (%q)", name, standing, words, want, says)
	}
}

func (f *fresh) wantBinding(name, says string) {
	f.Helper()
	object, err := f.client.RbacV1().ClusterRoleBindings().Get(f.Context(), name, metav1.GetOptions{})
	f.must(err)
	binding, _ := rbac.BindingOf(object)
	if standing, words := builtin.BindingStanding(binding); standing != builtin.Modified || !strings.HasPrefix(words, says) {
		f.Errorf("%s: standing %d (%q), not %q", binding.Ref, standing, words, says)
	}
}

func (f *fresh) standing(name string) (builtin.Standing, string) {
	role := f.role(name)
	return builtin.RoleStanding(role, f.aggregating(role))
}

func (f *fresh) role(name string) *rbac.Role {
	f.Helper()
	object, err := f.client.RbacV1().ClusterRoles().Get(f.Context(), name, metav1.GetOptions{})
	f.must(err)
	role, _ := rbac.RoleOf(object)
	return role
}

// rules says whether a rule of the ClusterRole has the verb and the resource.
func (f *fresh) rules(name, verb, resource string) bool {
	f.Helper()
	return slices.ContainsFunc(f.role(name).Rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, verb)
	})
}

// aggregating returns the ClusterRoles that the aggregationRule of a role selects.
func (f *fresh) aggregating(role *rbac.Role) []*rbac.Role {
	f.Helper()
	if role.Aggregation == nil {
		return nil
	}
	list, err := f.client.RbacV1().ClusterRoles().List(f.Context(), metav1.ListOptions{})
	f.must(err)
	var found []*rbac.Role
	for i := range list.Items {
		for j := range role.Aggregation.ClusterRoleSelectors {
			selector, err := metav1.LabelSelectorAsSelector(&role.Aggregation.ClusterRoleSelectors[j])
			f.must(err)
			if selector.Matches(labels.Set(list.Items[i].Labels)) && list.Items[i].Name != role.Ref.Name {
				other, _ := rbac.RoleOf(&list.Items[i])
				found = append(found, other)
			}
		}
	}
	return found
}

// all returns the roles and bindings with the label.
func (f *fresh) all(selector string) (roles []*rbac.Role, bindings []*rbac.Binding) {
	f.Helper()
	api, options := f.client.RbacV1(), metav1.ListOptions{LabelSelector: selector}
	clusterRoles, err := api.ClusterRoles().List(f.Context(), options)
	f.must(err)
	namespaced, err := api.Roles("").List(f.Context(), options)
	f.must(err)
	clusterBindings, err := api.ClusterRoleBindings().List(f.Context(), options)
	f.must(err)
	namespacedBindings, err := api.RoleBindings("").List(f.Context(), options)
	f.must(err)
	w := world{clusterRoles: clusterRoles.Items, roles: namespaced.Items, clusterBindings: clusterBindings.Items, bindings: namespacedBindings.Items}
	for _, object := range w.objects() {
		if role, ok := rbac.RoleOf(object); ok {
			roles = append(roles, role)
		}
		if binding, ok := rbac.BindingOf(object); ok {
			bindings = append(bindings, binding)
		}
	}
	return roles, bindings
}

// create makes a ClusterRole that may exec.
func (f *fresh) create(name string, labels map[string]string) {
	f.Helper()
	_, err := f.client.RbacV1().ClusterRoles().Create(f.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Rules:      []rbacv1.PolicyRule{{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods/exec"}}},
	}, metav1.CreateOptions{})
	f.must(err)
}

func (f *fresh) patch(name, patch string) {
	f.Helper()
	_, err := f.client.RbacV1().ClusterRoles().Patch(f.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	f.must(err)
}

func (f *fresh) until(what string, done func() bool) {
	f.Helper()
	err := wait.PollUntilContextTimeout(f.Context(), 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) { return done(), nil })
	if err != nil {
		f.Fatalf("not within a minute: %s", what)
	}
}

func (f *fresh) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}
