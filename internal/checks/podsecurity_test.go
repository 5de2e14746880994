package checks

import (
	"testing"

	"plumbline.dev/plumbline/internal/podsecurity"
)

func TestEveryLevelCanBeEnforcedInEveryVersion(t *testing.T) {
	for i := range standards {
		for minor := range standards[i] {
			if made := standards[i][minor](); made == nil || len(made.checks) == 0 {
				t.Errorf("level %d in v1.%d asks for nothing", i, minor)
			}
		}
	}
}

func TestEnforcedStandard(t *testing.T) {
	newest := podsecurity.Newest
	for name, test := range map[string]struct {
		level, version string
		want           *standard
	}{
		"baseline":                       {"baseline", "v1.30", standards[0][30]()},
		"restricted":                     {"restricted", "v1.0", standards[1][0]()},
		"privileged asks for nothing":    {"privileged", "v1.30", nil},
		"latest is the newest":           {"restricted", "latest", standards[1][newest]()},
		"so is a newer one":              {"restricted", "v1.999", standards[1][newest]()},
		"so is one beyond all numbers":   {"restricted", "v1.99999999999999999999", standards[1][newest]()},
		"so is what is no version":       {"restricted", "1.30", standards[1][newest]()},
		"so is one with a leading zero":  {"restricted", "v1.030", standards[1][newest]()},
		"so is a negative one":           {"restricted", "v1.-1", standards[1][newest]()},
		"what is no level is restricted": {"Baseline", "v1.30", standards[1][30]()},
		"so is an empty one":             {"", "v1.30", standards[1][30]()},
	} {
		t.Run(name, func(t *testing.T) {
			if got := enforcedStandard(map[string]string{enforceLabel: test.level, enforceVersionLabel: test.version}); got != test.want {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := enforcedStandard(map[string]string{enforceVersionLabel: "v1.30"}); got != nil {
		t.Errorf("without a level: got %+v", got)
	}
	if got := enforcedStandard(map[string]string{enforceLabel: "restricted"}); got != standards[1][newest]() {
		t.Errorf("without a version: got %+v", got)
	}
}

func TestMinorVersion(t *testing.T) {
	type version struct {
		minor      int
		latest, ok bool
	}
	for text, want := range map[string]version{
		"latest": {0, true, true}, "v1.0": {0, false, true}, "v1.36": {36, false, true}, "v1.100": {100, false, true},
		"": {}, "v1": {}, "v1.": {}, "1.36": {}, "v2.1": {}, "v1.036": {}, "v1.00": {}, "v1.+1": {}, "v1.-1": {}, "v1.1.1": {}, "Latest": {}, "v1.x": {},
	} {
		if minor, latest, ok := minorVersion(text); (version{minor, latest, ok}) != want {
			t.Errorf("%q: got %d, %t, %t", text, minor, latest, ok)
		}
	}
}
