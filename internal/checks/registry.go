// Package checks holds the checks, one a file. A file registers its check by itself: there is no list to edit.
package checks

import (
	"cmp"
	"maps"
	"slices"

	"plumbline.dev/plumbline/internal/engine"
)

var registered = map[string]engine.Check{}

// register adds a check. Two with one ID would be one in reports, metrics and exceptions: the program must not start.
//
//nolint:unparam // a package-level var, which runs it, wants a value
func register(check engine.Check) bool {
	if _, taken := registered[check.ID]; taken {
		panic("two checks have the ID " + check.ID)
	}
	registered[check.ID] = check
	return true
}

// All returns every check, in the order of their IDs.
func All() []engine.Check {
	return slices.SortedFunc(maps.Values(registered), func(a, b engine.Check) int { return cmp.Compare(a.ID, b.ID) })
}
