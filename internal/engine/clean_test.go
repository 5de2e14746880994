package engine

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for name, test := range map[string]struct{ given, want string }{
		"nothing stays nothing":                  {"", ""},
		"a text that prints stays as it is":      {`NET_ADMIN, "C:\x" größer 日本`, `NET_ADMIN, "C:\x" größer 日本`},
		"a line break is escaped":                {"a\r\nb\tc", `a\r\nb\tc`},
		"a terminal escape is escaped":           {"\x1b[2Jcleared", `\x1b[2Jcleared`},
		"what turns the text around is escaped":  {"abc\u202Edef", `abc\u202edef`},
		"what cannot be seen is escaped":         {"app\u200b\u00a0\ufeff", `app\u200b\u00a0\ufeff`},
		"what is not UTF-8 is escaped":           {"a\xff\xfeb", `a\xff\xfeb`},
		"half a character is escaped":            {"a\xe6\x97", `a\xe6\x97`},
		"the character for not UTF-8 is escaped": {"a\ufffd", `a\xefbfbd`},
		"a quote stays where another is escaped": {"'\"\n", `'"\n`},
		"what fits exactly is not cut":           {strings.Repeat("a", 64), strings.Repeat("a", 64)},
		"what is longer is cut, and ends in a hash of the whole": {
			strings.Repeat("a", 65), strings.Repeat("a", 43) + "…(8087e9a889f8a14c)",
		},
		"no character is cut in two": {strings.Repeat("é", 33), strings.Repeat("é", 21) + "…(730cf1faccb79681)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clean(test.given, 64); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLongTextsStayDistinct(t *testing.T) {
	begin := strings.Repeat("a", 300)
	for name, pair := range map[string][2]string{
		"that differ at their end":                   {begin + "1", begin + "2"},
		"of which one is the beginning of the other": {begin, begin + "a"},
		"of which one reads like the other escaped":  {begin + "\n", begin + `\n`},
	} {
		t.Run(name, func(t *testing.T) {
			if clean(pair[0], maxName) == clean(pair[1], maxName) {
				t.Errorf("%q", clean(pair[0], maxName))
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "NET_ADMIN", "a\nb", "\xff", "\u202e", "é日本\U0001F600", `\`, "'\"\x00\x7f"} {
		f.Add(seed, uint16(0), "tail")
		f.Add(seed, uint16(300), "\n")
		f.Add(seed, uint16(300), `\n`)
	}
	f.Fuzz(func(t *testing.T, s string, repeat uint16, other string) {
		s = strings.Repeat(s, 1+int(repeat)%300)
		for _, limit := range []int{maxName, maxPath, maxText} {
			got := clean(s, limit)
			checkClean(t, s, got, limit)
			longer := s + other
			if longer != s && got == clean(longer, limit) {
				t.Errorf("two texts of %d and %d bytes look the same: %q", len(s), len(longer), got)
			}
			if again := clean(got, limit); again != got {
				t.Errorf("cleaned twice, %q becomes %q", got, again)
			}
		}
	})
}

func checkClean(t *testing.T, given, got string, limit int) {
	t.Helper()
	if len(got) > limit || !utf8.ValidString(got) {
		t.Errorf("%d bytes where %d fit, valid UTF-8: %v: %q", len(got), limit, utf8.ValidString(got), got)
	}
	for _, r := range got {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			t.Errorf("%U does not print: %q", r, got)
		}
	}
	if len(given) <= limit && utf8.ValidString(given) && strings.IndexFunc(given, func(r rune) bool {
		return !unicode.IsPrint(r) || r == utf8.RuneError
	}) < 0 && got != given {
		t.Errorf("%q was clean, and became %q", given, got)
	}
}
