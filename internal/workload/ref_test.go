package workload_test

import (
	"testing"

	"plumbline.dev/plumbline/internal/workload"
)

func TestANameThatReadsLikeASentenceIsQuoted(t *testing.T) {
	for name, want := range map[string]string{
		"api":                         "api",
		"system:controller:job":       "system:controller:job",
		"jane@example.com":            "jane@example.com",
		"https://issuer/jane_doe-1.2": "https://issuer/jane_doe-1.2",
		"view and Role view":          `"view and Role view"`,
		"a,b":                         `"a,b"`,
		"a]":                          `"a]"`,
		`a"b`:                         `"a\"b"`,
		"https://issuer#jane":         `"https://issuer#jane"`,
		"jane\nRole view":             `"jane\nRole view"`,
		"ja\u00adne":                  `"ja\u00adne"`,
		"j\u00e4ne":                   "\"j\u00e4ne\"",
		"\xff":                        `"\xff"`,
	} {
		if got := workload.Quoted(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
	ref := workload.Ref{Kind: "RoleBinding", Namespace: "shop", Name: "a, b"}
	if got, want := ref.String(), `RoleBinding shop/"a, b"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := ref.Local(), `RoleBinding "a, b"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
