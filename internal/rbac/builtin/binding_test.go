package builtin

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

func clusterBinding(name, role string, subjects ...rbacv1.Subject) *rbac.Binding {
	return &rbac.Binding{
		Ref:  workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding", Name: name},
		Role: clusterRole(role), Subjects: subjects,
	}
}

func TestABindingIsKnownByItsRoleAndSubjects(t *testing.T) {
	group := func(name string) rbacv1.Subject {
		return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: name}
	}
	anybody, everybody, jane := group("system:unauthenticated"), group("system:authenticated"), group("jane")
	const public = "system:public-info-viewer"
	inNamespace := clusterBinding(public, public, anybody, everybody)
	inNamespace.Ref.Kind, inNamespace.Ref.Namespace = "RoleBinding", "kube-system"
	cases := map[string]struct {
		binding *rbac.Binding
		want    Standing
		says    string
	}{
		"as Kubernetes makes it":           {binding: clusterBinding(public, public, everybody, anybody), want: Known},
		"in another order, and twice":      {binding: clusterBinding(public, public, anybody, everybody, anybody), want: Known},
		"with a subject that matches none": {binding: clusterBinding(public, public, anybody, everybody, group(""), rbacv1.Subject{Kind: "Robot", Name: "r"}), want: Known},
		"with a subject more": {
			binding: clusterBinding("cluster-admin", "cluster-admin", group("system:masters"), jane), want: Modified,
			says: "grants in addition to Group jane (compared with Kubernetes v1.36)",
		},
		"with a subject less": {
			binding: clusterBinding(public, public, everybody), want: Modified, says: "no longer grants to Group system:unauthenticated (compared",
		},
		"with another role": {
			binding: clusterBinding("system:discovery", "cluster-admin", everybody), want: Modified,
			says: "grants ClusterRole cluster-admin instead of ClusterRole system:discovery (compared",
		},
		"with nothing as it was": {
			binding: clusterBinding("system:discovery", "cluster-admin", jane), want: Modified,
			says: "grants ClusterRole cluster-admin instead of ClusterRole system:discovery; grants in addition to Group jane; no longer grants to Group system:authenticated (",
		},
		"of the default of Kubernetes v1.13": {
			binding: clusterBinding("system:basic-user", "system:basic-user", everybody, anybody), want: Modified,
			says: "grants in addition to Group system:unauthenticated (",
		},
		"that borrows a prefix":              {binding: clusterBinding("system:backup", "cluster-admin", jane), want: Foreign},
		"that borrows a name in a namespace": {binding: inNamespace, want: Foreign},
		"that is none":                       {want: Foreign},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { check(t, c.want, c.says)(BindingStanding(c.binding)) })
	}
}

func TestEveryVersionsBindingsAreKnown(t *testing.T) {
	for ref, forms := range known().bindings {
		for _, form := range forms {
			if got, words := BindingStanding(form.binding()); got != Known {
				t.Errorf("%s: %d %s", ref, got, words)
			}
		}
	}
}

func TestABindingThatChangedOverTimeIsKnownInEachForm(t *testing.T) {
	subject := func(name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: rbacv1.UserKind, Name: name, APIGroup: rbacv1.GroupName}
	}
	object := Object{Kind: "ClusterRoleBinding", Name: "b"}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "r"}
	older, newer := &Binding{Object: object, RoleRef: ref, Subjects: []rbacv1.Subject{subject("old")}}, &Binding{Object: object, RoleRef: ref, Subjects: []rbacv1.Subject{subject("new")}}
	older.Minors, newer.Minors = []int{31}, []int{32}
	x := &index{minors: []int{31, 32}}
	for name, c := range map[string]struct {
		subjects []rbacv1.Subject
		form     *Binding
		differs  int
	}{
		"the older in the older":       {older.Subjects, older, 0},
		"the newer in the newer":       {newer.Subjects, newer, 0},
		"an upgraded one in the newer": {[]rbacv1.Subject{subject("old"), subject("new")}, newer, 0},
		"an upgraded one in the older": {[]rbacv1.Subject{subject("old"), subject("new")}, older, 1},
		"the older in the newer":       {older.Subjects, newer, 1},
	} {
		d := x.compareBinding(clusterBinding("b", "r", c.subjects...), c.form, []*Binding{older, newer})
		if d.size() != c.differs {
			t.Errorf("%s: %d differences: %s", name, d.size(), d.words())
		}
	}
}
