package rbac

import "strings"

// The longest names of a namespace and of a ServiceAccount.
const (
	maxLabel     = 63
	maxSubdomain = 253
)

// isServiceAccount says whether there can be a ServiceAccount of the name. Each of the thousands of subjects of a binding is asked
// for it, and again whenever the binding is looked at: a regular expression, by which the API server decides, takes too long.
func isServiceAccount(namespace, name string) bool {
	return len(namespace) <= maxLabel && isWord(namespace) && len(name) <= maxSubdomain && isWords(name)
}

// isWords says whether a name consists of words between dots.
func isWords(name string) bool {
	for word := range strings.SplitSeq(name, ".") {
		if !isWord(word) {
			return false
		}
	}
	return true
}

// isWord says whether a word consists of lower case letters, digits and, inside, hyphens.
func isWord(word string) bool {
	for i := range len(word) {
		switch c := word[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-' && 0 < i && i < len(word)-1:
		default:
			return false
		}
	}
	return word != ""
}
