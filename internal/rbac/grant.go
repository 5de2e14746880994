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
// every name by which it names the subject. The bindings that name somebody are asked for, and so is the role that a binding
// refers to; nil means that it is not there, and grants nothing. Whom else a binding names is not looked at: each of the
// thousands that one may name would look at all the others.
func Grants(subject Subject, naming func(Subject) ([]*Binding, error), role func(workload.Ref) (*Role, error)) ([]Grant, error) {
	var grants []Grant
	roles := map[workload.Ref]*Role{}
	for _, key := range subject.Keys() {
		bindings, err := naming(key)
		if err != nil {
			return nil, err
		}
		for _, binding := range bindings {
			granted, known := roles[binding.Role]
			if !known {
				if granted, err = role(binding.Role); err != nil {
					return nil, err
				}
				roles[binding.Role] = granted
			}
			if granted != nil {
				grants = append(grants, Grant{Binding: binding, Role: granted, Via: key})
			}
		}
	}
	slices.SortStableFunc(grants, func(a, b Grant) int { return compareRefs(a.Binding.Ref, b.Binding.Ref) })
	return grants, nil
}

func compareRefs(a, b workload.Ref) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name), strings.Compare(a.Kind, b.Kind))
}
