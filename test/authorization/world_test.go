package authorization_test

import (
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// world is all there is to RBAC: what is written to the API server, or what was read from it.
type world struct {
	roles           []rbacv1.Role
	clusterRoles    []rbacv1.ClusterRole
	bindings        []rbacv1.RoleBinding
	clusterBindings []rbacv1.ClusterRoleBinding
}

// with returns a world that has what both have.
func (w world) with(other world) world {
	return world{
		roles:           slices.Concat(w.roles, other.roles),
		clusterRoles:    slices.Concat(w.clusterRoles, other.clusterRoles),
		bindings:        slices.Concat(w.bindings, other.bindings),
		clusterBindings: slices.Concat(w.clusterBindings, other.clusterBindings),
	}
}

// deepCopy returns a world that may be changed without changing this one.
func (w world) deepCopy() world {
	var c world
	for i := range w.roles {
		c.roles = append(c.roles, *w.roles[i].DeepCopy())
	}
	for i := range w.clusterRoles {
		c.clusterRoles = append(c.clusterRoles, *w.clusterRoles[i].DeepCopy())
	}
	for i := range w.bindings {
		c.bindings = append(c.bindings, *w.bindings[i].DeepCopy())
	}
	for i := range w.clusterBindings {
		c.clusterBindings = append(c.clusterBindings, *w.clusterBindings[i].DeepCopy())
	}
	return c
}

// rules calls change with the rules of every role, and keeps what it returns.
func (w world) rules(change func([]rbacv1.PolicyRule) []rbacv1.PolicyRule) {
	for i := range w.roles {
		w.roles[i].Rules = change(w.roles[i].Rules)
	}
	for i := range w.clusterRoles {
		w.clusterRoles[i].Rules = change(w.clusterRoles[i].Rules)
	}
}

// subjects calls change with the subjects of every binding and its namespace, and keeps what it returns.
func (w world) subjects(change func(string, []rbacv1.Subject) []rbacv1.Subject) {
	for i := range w.bindings {
		w.bindings[i].Subjects = change(w.bindings[i].Namespace, w.bindings[i].Subjects)
	}
	for i := range w.clusterBindings {
		w.clusterBindings[i].Subjects = change("", w.clusterBindings[i].Subjects)
	}
}

// versions are the resourceVersions of all objects: a world in which nothing has changed has the same.
func (w world) versions() map[workload.Ref]string {
	found := map[workload.Ref]string{}
	add := func(kind string, meta *metav1.ObjectMeta) {
		ref := workload.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: meta.Namespace, Name: meta.Name}
		found[ref] = meta.ResourceVersion
	}
	for i := range w.roles {
		add("Role", &w.roles[i].ObjectMeta)
	}
	for i := range w.clusterRoles {
		add("ClusterRole", &w.clusterRoles[i].ObjectMeta)
	}
	for i := range w.bindings {
		add("RoleBinding", &w.bindings[i].ObjectMeta)
	}
	for i := range w.clusterBindings {
		add("ClusterRoleBinding", &w.clusterBindings[i].ObjectMeta)
	}
	return found
}

// objects are those of the world, the roles first.
func (w world) objects() []runtime.Object {
	var all []runtime.Object
	for i := range w.roles {
		all = append(all, &w.roles[i])
	}
	for i := range w.clusterRoles {
		all = append(all, &w.clusterRoles[i])
	}
	for i := range w.bindings {
		all = append(all, &w.bindings[i])
	}
	for i := range w.clusterBindings {
		all = append(all, &w.clusterBindings[i])
	}
	return all
}

// graph is the world as internal/rbac knows it.
type graph struct {
	roles    map[workload.Ref]*rbac.Role
	bindings []*rbac.Binding
	byHolder map[rbac.Subject][]*rbac.Binding
}

// graph makes it from objects trimmed as those of caches are.
func (w world) graph() *graph {
	g := &graph{roles: map[workload.Ref]*rbac.Role{}, byHolder: map[rbac.Subject][]*rbac.Binding{}}
	for _, obj := range w.deepCopy().objects() {
		rbac.Trim(obj)
		if r, ok := rbac.RoleOf(obj); ok {
			g.roles[r.Ref] = r
		}
		if b, ok := rbac.BindingOf(obj); ok {
			g.bindings = append(g.bindings, b)
			for _, holder := range b.Holders() {
				g.byHolder[holder] = append(g.byHolder[holder], b)
			}
		}
	}
	return g
}

// role returns the role of that name, or nil.
func (g *graph) role(ref workload.Ref) (*rbac.Role, error) { return g.roles[ref], nil }

// naming returns the bindings that name a subject.
func (g *graph) naming(subject rbac.Subject) ([]*rbac.Binding, error) {
	return g.byHolder[subject], nil
}

func named(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func role(namespace, name string, rules ...rbacv1.PolicyRule) rbacv1.Role {
	return rbacv1.Role{ObjectMeta: named(namespace, name), Rules: rules}
}

func clusterRole(name string, labels map[string]string, rules ...rbacv1.PolicyRule) rbacv1.ClusterRole {
	meta := named("", name)
	meta.Labels = maps.Clone(labels)
	return rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}
}

// aggregated is a ClusterRole that has the rules of those that one of the selectors selects.
func aggregated(name string, labels map[string]string, selectors ...metav1.LabelSelector) rbacv1.ClusterRole {
	r := clusterRole(name, labels)
	r.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: selectors}
	return r
}

func binding(namespace, name string, ref rbacv1.RoleRef, subjects ...rbacv1.Subject) rbacv1.RoleBinding {
	return rbacv1.RoleBinding{ObjectMeta: named(namespace, name), RoleRef: ref, Subjects: subjects}
}

func clusterBinding(name, clusterRole string, subjects ...rbacv1.Subject) rbacv1.ClusterRoleBinding {
	return rbacv1.ClusterRoleBinding{ObjectMeta: named("", name), RoleRef: toClusterRole(clusterRole), Subjects: subjects}
}

func toRole(name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}
}

func toClusterRole(name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
}

func account(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

func user(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
}

func group(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: name}
}
