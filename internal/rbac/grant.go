package rbac

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// Grant is a binding that gives a subject a role.
type Grant struct {
	Binding *Binding
	Role    *Role
	Via     Subject // whom the binding names: the subject itself, or a group that it is in
}

// Path returns the path of a finding on a subject, such as "rolebindings[debug]" or "clusterrolebindings[debug]". A
// RoleBinding outside the namespace of the ServiceAccount that it names has its own before the name, because bindings
// of one name in two namespaces are two: "rolebindings[shop/debug]".
func (g Grant) Path() string {
	ref := g.Binding.Ref
	kind := strings.ToLower(ref.Kind) + "s"
	if ref.Namespace == "" || ref.Namespace == g.Via.Namespace {
		return kind + "[" + workload.Quoted(ref.Name) + "]"
	}
	return kind + "[" + ref.Namespace + "/" + workload.Quoted(ref.Name) + "]"
}

// Words returns the binding and the role, such as "RoleBinding debug and Role debug". A grant to a group says so.
func (g Grant) Words() string { return g.WordsFor(Subject{}) }

// WordsFor returns the Words for a reader who knows the subject: a grant to a group that is the subject itself does not say so.
func (g Grant) WordsFor(subject Subject) string {
	words := g.Binding.Ref.Local() + " and " + g.Role.Ref.Local()
	if g.Via.Kind == rbacv1.GroupKind && g.Via != subject {
		words += ", as a member of " + g.Via.String()
	}
	return words
}

// Grants returns what bindings give to a subject: cluster-wide first, then by namespace and name, each binding once for
// every name by which it names the subject. The role that a binding refers to is asked for; nil means that it is not
// there, and grants nothing.
func Grants(subject Subject, bindings []*Binding, role func(workload.Ref) *Role) []Grant {
	subject = subject.canonical()
	var grants []Grant
	var keys []Subject
	for _, binding := range bindings {
		named := binding.names(subject)
		if named == 0 {
			continue
		}
		granted := role(binding.Role)
		if granted == nil {
			continue
		}
		if keys == nil {
			keys = subject.Keys()
		}
		for i, key := range keys {
			if named&(1<<i) != 0 {
				grants = append(grants, Grant{Binding: binding, Role: granted, Via: key})
			}
		}
	}
	slices.SortStableFunc(grants, func(a, b Grant) int {
		return cmp.Or(compareRefs(a.Binding.Ref, b.Binding.Ref), slices.Index(keys, a.Via)-slices.Index(keys, b.Via))
	})
	return slices.CompactFunc(grants, func(a, b Grant) bool { return a.Binding.Ref == b.Binding.Ref && a.Via == b.Via })
}

// names returns which keys of the subject the binding names, a bit for each.
func (b *Binding) names(subject Subject) uint {
	var named uint
	for i := range b.Subjects {
		if key := subject.keyOf(&b.Subjects[i], b.Namespace()); key != nobody {
			named |= 1 << key
		}
	}
	return named
}

func compareRefs(a, b workload.Ref) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name), strings.Compare(a.Kind, b.Kind))
}
