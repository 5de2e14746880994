package glob_test

import (
	"testing"

	"plumbline.dev/plumbline/internal/glob"
)

func TestMatchImage(t *testing.T) {
	for name, test := range map[string]struct {
		pattern, image string
		want           bool
	}{
		"the same name":                              {"registry.example.com/app:1", "registry.example.com/app:1", true},
		"any name in a registry":                     {"registry.example.com/*", "registry.example.com/team/app:1", true},
		"any registry of a domain":                   {"*.azurecr.io/*", "shop.azurecr.io/app", true},
		"a registry's name inside of another's":      {"*.azurecr.io/*", "evil.io/x.azurecr.io/app", false},
		"a registry that only begins alike":          {"registry.example.com/*", "registry.example.com.evil.io/app", false},
		"a * in a registry does not pass its end":    {"ecr.*.amazonaws.com/*", "ecr.evil.io/x.amazonaws.com/app", false},
		"a name without a registry":                  {"nginx:*", "nginx:1.27", true},
		"is not the registry of another":             {"nginx:*", "nginx:5000/evil", false},
		"nor one with a registry":                    {"*/nginx:*", "nginx:1.27", false},
		"everything":                                 {"*", "registry.example.com/team/app@sha256:0", true},
		"everything in registries, but nothing else": {"*/*", "nginx", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := glob.MatchImage(test.pattern, test.image); got != test.want {
				t.Errorf("MatchImage(%q, %q) = %v", test.pattern, test.image, got)
			}
		})
	}
}
