// Package glob matches the patterns of baselines.
package glob

// Match says whether the pattern matches the whole of s. In a pattern, * stands for any run of characters, also none
// and also slashes; every other character stands for itself.
func Match[S string | []byte](pattern string, s S) bool {
	// The last * seen, and how much of s it has taken: when what follows does not fit, it takes one more.
	star, taken := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			taken++
			p, i = star+1, taken
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// MatchAny says whether one of the patterns matches the whole of s.
func MatchAny[P ~string, S string | []byte](patterns []P, s S) bool {
	for _, pattern := range patterns {
		if Match(string(pattern), s) {
			return true
		}
	}
	return false
}
