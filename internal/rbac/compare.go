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
	return Beyond(after, before), Beyond(before, after)
}

// Beyond returns which permissions rules give that others do not.
func Beyond(rules, others []rbacv1.PolicyRule) []Permission {
	return newCoverage().uncovered(without(Permissions(rules), Permissions(others)), newBook(others))
}

// Gained returns as rules what a change of rules gained. Of rules that are too large to break down it is all that they allow
// now: what stands for a long list in a permission stands for nothing in a rule.
func Gained(before, after []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	gained := Beyond(after, before)
	if len(gained) == 0 {
		return nil
	}
	var whole breakdown
	for i := range after {
		whole.addRule(&after[i])
	}
	if whole.cut {
		return after
	}
	rules := make([]rbacv1.PolicyRule, 0, len(gained))
	for _, p := range gained {
		rules = append(rules, p.rule())
	}
	return rules
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
