package engine

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a finding's texts, in bytes; the CRD states the same in characters.
const (
	maxName = 256
	maxPath = 512
	maxText = 1024
)

// clean makes a text from a judged object safe to print and to store: what does not print (line breaks, terminal
// escapes, invisible and invalid characters) is escaped, and what is longer than max bytes is cut. A cut text ends in
// a hash of the whole, so that two long values never look the same.
func clean(s string, limit int) string {
	if len(s) <= limit && printable(s) {
		return s
	}
	escaped := escape(s)
	if len(escaped) <= limit {
		return escaped
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(s)) // not of what was escaped: an escape may read like a text that needed none
	end := fmt.Sprintf("…(%016x)", hash.Sum64())
	cut := limit - len(end)
	for cut > 0 && !utf8.RuneStart(escaped[cut]) {
		cut--
	}
	return escaped[:cut] + end
}

func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(s[i:])
			fmt.Fprintf(&b, `\x%x`, s[i:i+size])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// Printable makes a text safe to print that is no part of a finding, such as the name of a file.
func Printable(s string) string {
	if printable(s) {
		return s
	}
	return escape(s)
}
