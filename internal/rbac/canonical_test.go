package rbac_test

import (
	"slices"
	"testing"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestCutVerbs(t *testing.T) {
	for text, want := range map[string]struct {
		verbs []string
		on    string
	}{
		"get secrets":             {[]string{"get"}, "secrets"},
		"get,list secrets[a,b]":   {[]string{"get", "list"}, "secrets[a,b]"},
		"* *.*":                   {[]string{"*"}, "*.*"},
		"get /metrics":            {[]string{"get"}, "/metrics"},
		`"get list","a,b",x pods`: {[]string{"get list", "a,b", "x"}, "pods"},
		`"" pods`:                 {[]string{""}, "pods"},
		"privileged":              {nil, ""},
		"get,list":                {nil, ""},
		"get,":                    {nil, ""},
		"get ":                    {nil, ""},
		" secrets":                {nil, ""},
		",get secrets":            {nil, ""},
		"":                        {nil, ""},
		`"get secrets`:            {nil, ""},
		`"get"list secrets`:       {nil, ""},
	} {
		verbs, on, ok := rbac.CutVerbs(text)
		if ok != (want.on != "") || ok && (!slices.Equal(verbs, want.verbs) || on != want.on) {
			t.Errorf("%q: %q on %q, %v", text, verbs, on, ok)
		}
		if ok && rbac.JoinVerbs(verbs, on) != text {
			t.Errorf("%q is put together again as %q", text, rbac.JoinVerbs(verbs, on))
		}
	}
}

func TestWithin(t *testing.T) {
	for name, test := range map[string]struct {
		permission, other string
		want              bool
	}{
		"the same":                      {"get,list secrets", "get,list secrets", true},
		"fewer verbs":                   {"list secrets", "get,list secrets", true},
		"more verbs":                    {"get,list,watch secrets", "get,list secrets", false},
		"any verbs in a wildcard":       {"get,list secrets", "* secrets", true},
		"a wildcard in none":            {"* secrets", "get,list secrets", false},
		"another resource":              {"get pods", "get,list secrets", false},
		"a resource of another group":   {"get secrets.apps", "get,list secrets", false},
		"a subresource":                 {"get pods/log", "get,list pods", false},
		"one name of all":               {"get secrets[a]", "get,list secrets", false},
		"other names":                   {"get secrets[a,b]", "get,list secrets[a]", false},
		"no permission":                 {"NET_RAW", "NET_RAW", false},
		"a value that is no permission": {"get secrets", "secrets", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rbac.Within(test.permission, test.other); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
