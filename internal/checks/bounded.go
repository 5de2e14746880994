package checks

import (
	"cmp"
	"slices"
)

const (
	// maxFound bounds the findings about one list of a pod: the API server accepts any number of names in most of them, and
	// these must not fill the memory.
	maxFound = 64

	// furtherOnes is the value of the finding that stands for all that are not shown.
	furtherOnes = "more"
)

// bounded returns the values in order, each once, and no more than become findings, and whether there are more.
func bounded[V cmp.Ordered](values []V) ([]V, bool) {
	sorted := slices.Compact(slices.Sorted(slices.Values(values)))
	return sorted[:min(len(sorted), maxFound)], len(sorted) > maxFound
}
