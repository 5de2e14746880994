package rbac

import (
	"slices"
	"strconv"
	"strings"
)

// CutVerbs splits the canonical form of a permission into its verbs and what they are allowed on: "get,list secrets" into get and
// list, and secrets. It is false for a text that is no canonical form.
func CutVerbs(canonical string) (verbs []string, on string, ok bool) {
	for rest := canonical; ; {
		word, end := firstWord(rest)
		if end <= 0 || end == len(rest) {
			return nil, "", false
		}
		verbs = append(verbs, word)
		separator := rest[end]
		if rest = rest[end+1:]; separator == ' ' {
			return verbs, rest, rest != ""
		}
	}
}

// firstWord returns the word that a list of verbs begins with, and where it ends: at a comma, a space, or the end.
func firstWord(list string) (word string, end int) {
	if !strings.HasPrefix(list, `"`) {
		if end = strings.IndexAny(list, ", "); end < 0 {
			end = len(list)
		}
		return list[:end], end
	}
	quoted, err := strconv.QuotedPrefix(list)
	if err != nil {
		return "", 0
	}
	if end = len(quoted); end < len(list) && list[end] != ',' && list[end] != ' ' {
		return "", 0
	}
	word, _ = strconv.Unquote(quoted) // which QuotedPrefix has made sure of
	return word, end
}

// JoinVerbs is the reverse of CutVerbs.
func JoinVerbs(verbs []string, on string) string {
	var b strings.Builder
	writeList(&b, verbs)
	return b.String() + " " + on
}

// VerbsBeyond returns those of the verbs that others do not hold. The wildcard holds all.
func VerbsBeyond(verbs, others []string) []string {
	if slices.Contains(others, all) {
		return nil
	}
	var beyond []string
	for _, verb := range verbs {
		if !slices.Contains(others, verb) {
			beyond = append(beyond, verb)
		}
	}
	return beyond
}

// Within says of two permissions in canonical form whether one is no more than the other: of the same objects, with the same
// verbs or fewer.
func Within(canonical, other string) bool {
	verbs, on, ok := CutVerbs(canonical)
	if !ok {
		return false
	}
	held, in, ok := CutVerbs(other)
	return ok && on == in && len(VerbsBeyond(verbs, held)) == 0
}

// WordsOf returns the Words of a permission in canonical form.
func WordsOf(canonical string) string {
	if canonical == everyPermission {
		return everything
	}
	return canonical
}

var everyPermission = Permission{Verbs: []string{all}, Group: all, Resource: all}.String()
