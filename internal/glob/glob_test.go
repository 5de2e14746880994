package glob_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"plumbline.dev/plumbline/internal/glob"
)

func TestMatch(t *testing.T) {
	for name, test := range map[string]struct {
		pattern    string
		matches    []string
		matchesNot []string
	}{
		"an empty pattern matches nothing but nothing":         {"", []string{""}, []string{"a"}},
		"a pattern without a star matches itself alone":        {"shop", []string{"shop"}, []string{"", "Shop", "shop2", "ashop", "sho"}},
		"a star matches everything":                            {"*", []string{"", "a", "a/b", "ä\n"}, nil},
		"a star at the end matches what begins so":             {"kube-*", []string{"kube-", "kube-system"}, []string{"kube", "my-kube-system"}},
		"a star at the beginning matches what ends so":         {"*-prod", []string{"-prod", "shop-prod", "a-prod-prod"}, []string{"prod", "shop-prod2"}},
		"a star in the middle matches what begins and ends so": {"a*a", []string{"aa", "aba", "aaa"}, []string{"a", "ab", "ba"}},
		"a star matches slashes too":                           {"profiles/*.json", []string{"profiles/a.json", "profiles/a/b.json"}, []string{"a.json", "profiles/a.yaml"}},
		"several stars each take what they need":               {"*a*b*", []string{"ab", "xaxbx", "aab", "ba ab"}, []string{"ba", "a", "b"}},
		"stars side by side are one":                           {"a**b", []string{"ab", "axb"}, []string{"a"}},
		"a star that took too little takes more":               {"*ab", []string{"aab", "abab", "aabab"}, []string{"aba"}},
		"every other character stands for itself":              {`a.?[b]\`, []string{`a.?[b]\`}, []string{"axxb", `a.xb\`}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range test.matches {
				if !glob.Match(test.pattern, s) {
					t.Errorf("%q does not match %q", test.pattern, s)
				}
			}
			for _, s := range test.matchesNot {
				if glob.Match(test.pattern, s) {
					t.Errorf("%q matches %q", test.pattern, s)
				}
			}
		})
	}
}

func TestMatchAny(t *testing.T) {
	type pattern string
	patterns := []pattern{"kube-*", "shop"}
	for s, want := range map[string]bool{"kube-system": true, "shop": true, "shop2": false, "": false} {
		if got := glob.MatchAny(patterns, s); got != want {
			t.Errorf("MatchAny(%v, %q) = %v", patterns, s, got)
		}
	}
	if glob.MatchAny([]pattern{}, "shop") {
		t.Error("no pattern matches something")
	}
}

// Whoever writes a pod writes what is matched, and must not be able to keep the operator busy with it.
func TestNoPatternTakesLong(t *testing.T) {
	begin := time.Now()
	if glob.Match("*"+strings.Repeat("a", 255)+"b", strings.Repeat("a", 100_000)) {
		t.Error("matches")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzMatchIsWhatARegularExpressionSays(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"*", "a/b"}, {"kube-*", "kube-system"}, {"a*b*a", "abba"}, {"*ab", "aabab"}, {"a.?[b]", "a.?[b]"}, {"é*", "éa"},
		{"**", ""}, {"*\n*", "a\nb"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 200 || len(s) > 2000 {
			t.Skip("regexp takes long")
		}
		parts := strings.Split(latin1(pattern), "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		want := regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\z`).MatchString(latin1(s))
		if got := glob.Match(pattern, s); got != want || glob.Match(pattern, []byte(s)) != want {
			t.Errorf("Match(%q, %q) = %v, want %v", pattern, s, got, want)
		}
	})
}

// latin1 makes a character of each byte, because Match compares bytes and regexp refuses what is not UTF-8.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
