package checks

import "plumbline.dev/plumbline/internal/rbac"

// perRole remembers what was made of roles that are granted, because thousands of bindings may grant one: each is gone through
// once, and once more where it is granted within namespaces. Of few grants nothing is remembered, which costs nothing.
type perRole[T any] map[grantedRole]T

type grantedRole struct {
	role   *rbac.Role
	within bool // a namespace
}

func newPerRole[T any](grants []rbac.Grant) perRole[T] {
	const few = 8
	if len(grants) <= few {
		return nil
	}
	return perRole[T]{}
}

// of returns what is known of the role that is granted, or makes it.
func (p perRole[T]) of(grant *rbac.Grant, made func(*rbac.Grant) T) T {
	key := grantedRole{grant.Role, grant.Binding.Namespace() != ""}
	known, is := p[key]
	if is {
		return known
	}
	known = made(grant)
	if p != nil {
		p[key] = known
	}
	return known
}
