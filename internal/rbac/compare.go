package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// SameRules says whether two lists of rules allow the same, however they are spelled. Of lists that are too large to
// compare it says no, unless they break down to the same permissions.
func SameRules(a, b []rbacv1.PolicyRule) bool {
	gained, lost := Compare(a, b)
	return len(gained) == 0 && len(lost) == 0
}

// Compare returns which permissions a change of rules gained and lost. What a rule says that another holds anyway, such as
// "get pods" beside "* *.*", is neither.
func Compare(before, after []rbacv1.PolicyRule) (gained, lost []Permission) {
	was, is := Permissions(before), Permissions(after)
	cover := newCoverage()
	return cover.uncovered(without(is, was), before), cover.uncovered(without(was, is), after)
}

// without returns the permissions that are not among others, literally. Both are sorted.
func without(permissions, others []Permission) []Permission {
	var rest []Permission
	for _, p := range permissions {
		if _, found := slices.BinarySearchFunc(others, p, comparePermissions); !found {
			rest = append(rest, p)
		}
	}
	return rest
}
