package facts

import (
	"context"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Contributing returns the ClusterRoles whose rules a role takes up, also through others: how far they reach depends on it.
func (c *Cluster) Contributing(ctx context.Context, role *rbac.Role) ([]*rbac.Role, error) {
	if c.rbacBlind() != "" {
		return nil, nil
	}
	return follow(role, func(one *rbac.Role) ([]*rbac.Role, error) {
		if one.Aggregation == nil {
			return nil, nil
		}
		return c.contributing(ctx, one)
	})
}

// follow goes on from a role to others, and from these to more, and returns all of them, each once. Roles may select each other
// in a cycle.
func follow(from *rbac.Role, next func(*rbac.Role) ([]*rbac.Role, error)) ([]*rbac.Role, error) {
	seen := map[workload.Ref]bool{from.Ref: true}
	found := []*rbac.Role{from}
	for i := 0; i < len(found); i++ {
		more, err := next(found[i])
		if err != nil {
			return nil, err
		}
		for _, role := range more {
			if !seen[role.Ref] {
				seen[role.Ref] = true
				found = append(found, role)
			}
		}
	}
	return found[1:], nil
}
