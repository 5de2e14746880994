package rbac

// Reach is how far what a role allows is granted.
type Reach int

// The reaches, the farther the larger.
const (
	Unbound     Reach = iota // nobody holds it
	Namespaced               // somebody holds it in a namespace
	ClusterWide              // somebody holds it in the whole cluster
)

// ReachOf returns how far a role reaches by those of the bindings that refer to it and name at least one subject that
// can be somebody.
func ReachOf(role *Role, bindings []*Binding) Reach {
	reach := Unbound
	for _, binding := range bindings {
		if binding.Role != role.Ref || !binding.held() {
			continue
		}
		if binding.Namespace() == "" {
			return ClusterWide
		}
		reach = Namespaced
	}
	return reach
}
