package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

// Binding is a RoleBinding or a ClusterRoleBinding. It shares what it holds with the object that it was read from.
type Binding struct {
	Ref      workload.Ref
	Role     workload.Ref // what roleRef names, which may not be there
	Subjects []rbacv1.Subject
}

// BindingOf returns what a RoleBinding or ClusterRoleBinding grants; false for another object.
func BindingOf(obj runtime.Object) (*Binding, bool) {
	switch o := obj.(type) {
	case *rbacv1.RoleBinding:
		ref := refOf(roleBindingKind, &o.ObjectMeta)
		return &Binding{Ref: ref, Role: roleRef(o.RoleRef, ref.Namespace), Subjects: o.Subjects}, true
	case *rbacv1.ClusterRoleBinding:
		ref := refOf(clusterRoleBindingKind, &o.ObjectMeta)
		ref.Namespace = ""
		return &Binding{Ref: ref, Role: roleRef(o.RoleRef, ""), Subjects: o.Subjects}, true
	}
	return nil, false
}

// roleRef names the role that a binding in the namespace refers to. A reference of a wrong kind or group names an object
// that is not there, so that it dangles. An empty group is filled in, as the API server does.
func roleRef(ref rbacv1.RoleRef, namespace string) workload.Ref {
	role := workload.Ref{Group: ref.APIGroup, Kind: ref.Kind, Name: ref.Name}
	if role.Group == "" {
		role.Group = rbacv1.GroupName
	}
	if role.Kind == roleKind {
		role.Namespace = namespace
	}
	return role
}

// Namespace returns where the binding grants; empty for the whole cluster.
func (b *Binding) Namespace() string { return b.Ref.Namespace }

// Holders returns whom the binding names, each once, in the order of the binding. Subjects that RBAC never matches are
// left out.
func (b *Binding) Holders() []Subject {
	const few = 8
	holders := make([]Subject, 0, len(b.Subjects))
	var seen map[Subject]bool
	if len(b.Subjects) > few {
		seen = make(map[Subject]bool, len(b.Subjects))
	}
	for i := range b.Subjects {
		holder, ok := subjectIn(&b.Subjects[i], b.Namespace())
		if !ok || seen[holder] || seen == nil && slices.Contains(holders, holder) {
			continue
		}
		if seen != nil {
			seen[holder] = true
		}
		holders = append(holders, holder)
	}
	return holders
}

// MaxNamed is how many of the users and groups of one binding are looked at one by one. A binding of thousands is no more than a
// list of names, which anybody who may bind can make, and is judged as a whole.
const MaxNamed = 64

// Named returns the users and groups that the binding names: the first of them, in the order of the binding, and how many
// there are beyond these. ServiceAccounts are objects, which are looked at whatever names them.
func (b *Binding) Named() (first, beyond []Subject) {
	for _, holder := range b.Holders() {
		switch {
		case holder.Kind == rbacv1.ServiceAccountKind:
		case len(first) < MaxNamed:
			first = append(first, holder)
		default:
			beyond = append(beyond, holder)
		}
	}
	return first, beyond
}

// Lists says whether a user or a group is one of the first that the binding names: see Named.
func (b *Binding) Lists(subject Subject) bool {
	seen := make(map[Subject]bool, MaxNamed)
	for i := range b.Subjects {
		holder, ok := subjectIn(&b.Subjects[i], b.Namespace())
		if !ok || holder.Kind == rbacv1.ServiceAccountKind {
			continue
		}
		if holder == subject {
			return true
		}
		if seen[holder] = true; len(seen) == MaxNamed {
			break
		}
	}
	return false
}

// held says whether the binding names anybody.
func (b *Binding) held() bool {
	for i := range b.Subjects {
		if valid(&b.Subjects[i], b.Namespace()) {
			return true
		}
	}
	return false
}
