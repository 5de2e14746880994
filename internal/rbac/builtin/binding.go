package builtin

import (
	"slices"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// BindingStanding says how a binding stands to the one of its kind, namespace and name that the API server makes. Of a
// modified binding it says in words in what it differs from the nearest known version.
//
// A binding is known if it refers to the same role and has the same subjects, in any order; subjects that RBAC never matches
// do not count. A subject more is a modification, and so is one less, which many take away on purpose: such as the group
// system:unauthenticated from ClusterRoleBinding system:public-info-viewer.
func BindingStanding(b *rbac.Binding) (Standing, string) {
	if b == nil {
		return Foreign, ""
	}
	x := known()
	forms := x.bindings[b.Ref]
	if len(forms) == 0 {
		return Foreign, ""
	}
	var nearest bindingDifference
	for _, form := range slices.Backward(forms) {
		d := x.compareBinding(b, form, forms)
		if d.size() == 0 {
			return Known, ""
		}
		if nearest.minor == 0 || d.size() < nearest.size() {
			nearest = d
		}
	}
	return Modified, nearest.words()
}

// bindingDifference is in what a binding differs from a form of it that the API server makes.
type bindingDifference struct {
	minor        int // the newest that makes the form
	role, made   workload.Ref
	gained, lost []rbac.Subject
}

func (d *bindingDifference) size() int {
	n := len(d.gained) + len(d.lost)
	if d.role != d.made {
		n++
	}
	return n
}

func (x *index) compareBinding(b *rbac.Binding, form *Binding, forms []*Binding) bindingDifference {
	newest := slices.Max(in(form.Minors, x.minors))
	wanted := form.binding()
	var allowed []rbac.Subject
	for _, other := range forms {
		if older := other.binding(); older.Role == wanted.Role && slices.Min(in(other.Minors, x.minors)) <= newest {
			allowed = append(allowed, older.Holders()...)
		}
	}
	holders := b.Holders()
	return bindingDifference{
		minor: newest, role: b.Role, made: wanted.Role,
		gained: without(holders, allowed), lost: without(wanted.Holders(), holders),
	}
}

// binding returns what the table has in the form of a binding of the cluster.
func (b *Binding) binding() *rbac.Binding {
	return &rbac.Binding{Ref: b.Ref(), Role: b.role(), Subjects: b.Subjects}
}

func (b *Binding) role() workload.Ref {
	role := workload.Ref{Group: b.RoleRef.APIGroup, Kind: b.RoleRef.Kind, Name: b.RoleRef.Name}
	if role.Kind == "Role" {
		role.Namespace = b.Namespace
	}
	return role
}

// without returns the subjects that are not among others.
func without(subjects, others []rbac.Subject) []rbac.Subject {
	there := make(map[rbac.Subject]bool, len(others))
	for _, s := range others {
		there[s] = true
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s rbac.Subject) bool { return there[s] })
}
