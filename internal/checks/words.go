package checks

import (
	"slices"
	"strconv"
	"strings"
)

// stated puts an optional field into words. Unset and set to the default are the same to a check, not to its reader.
func stated(value *bool, byDefault string) string {
	if value == nil {
		return unset(byDefault)
	}
	return strconv.FormatBool(*value)
}

func unset(byDefault string) string {
	return "unset, which means " + byDefault
}

// orEmpty shows a text that is set but empty: the API server refuses it, but files hold it.
func orEmpty[S ~string](text S) string {
	if text == "" {
		return `""`
	}
	return string(text)
}

const (
	none = "none"

	windowsExempt = "Windows pods are exempt, because they cannot set the field."

	// Runtimes give a privileged container everything, whatever it sets.
	whatIsSet = "What is judged is what is set: a privileged container runs without it all the same, which is what the check privileged finds. "

	// A pod may list any number of names of any length, and each finding about a list shows it. What is shown of it is
	// bounded before the findings multiply it.
	maxListed     = 64
	maxListedName = 64
)

// oneOf puts what a baseline allows into words: all of it, because a baseline is bounded.
func oneOf[S ~string](allowed []S) string {
	if len(allowed) == 0 {
		return none
	}
	return "one of: " + join(inOrder(allowed))
}

// list puts what a pod lists into words.
func list[S ~string](names []S) string {
	if len(names) == 0 {
		return none
	}
	sorted := inOrder(names)
	shown := sorted[:min(len(sorted), maxListed)]
	for i, name := range shown {
		if len(name) > maxListedName {
			shown[i] = name[:maxListedName] + "…"
		}
	}
	if more := len(sorted) - len(shown); more > 0 {
		return join(shown) + " and " + strconv.Itoa(more) + " more"
	}
	return join(shown)
}

// inOrder returns the names sorted, each once, so that a list which only changed its order reads the same.
func inOrder[S ~string](names []S) []S {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

func join[S ~string](names []S) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}
