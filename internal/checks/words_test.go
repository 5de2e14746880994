package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestListsReadTheSameInAnyOrder(t *testing.T) {
	for want, names := range map[string][]string{
		"none":                                {},
		"A":                                   {"A"},
		"A, B, C":                             {"C", "A", "B", "A"},
		"a, " + strings.Repeat("b", 64) + "…": {strings.Repeat("b", 65), "a"},
	} {
		before := slices.Clone(names)
		if got := list(names); got != want {
			t.Errorf("list(%v) = %q, want %q", names, got, want)
		}
		if !slices.Equal(names, before) {
			t.Errorf("list changed what it was given: %v", names)
		}
	}
}

func TestAListOfVeryManyNamesIsBounded(t *testing.T) {
	var names []string
	for i := range 100_000 {
		names = append(names, fmt.Sprintf("C%06d", i))
	}
	got := list(names)
	if !strings.HasPrefix(got, "C000000, C000001, ") || !strings.HasSuffix(got, "C000063 and 99936 more") {
		t.Error(got)
	}
}

func TestWhatABaselineAllowsIsShownWhole(t *testing.T) {
	for want, allowed := range map[string][]string{
		"none":         nil,
		"one of: A":    {"A"},
		"one of: A, B": {"B", "A"},
		"one of: " + strings.Repeat("a", 500) + ", b": {"b", strings.Repeat("a", 500)},
	} {
		if got := oneOf(allowed); got != want {
			t.Errorf("oneOf(%v) = %q, want %q", allowed, got, want)
		}
	}
}

func TestSpellingsThatARuntimeMayTakeForACapability(t *testing.T) {
	for spelling, want := range map[string]bool{
		"NET_RAW": true, "net_raw": true, "Net_Raw": true, "CAP_NET_RAW": true, "cap_net_raw": true,
		"NET_RAW2": false, "NET": false, "CAP_": false, "CAP_CAP_NET_RAW": false, "RAW": false, "": false,
	} {
		if got := readsAs(corev1.Capability(spelling), "NET_RAW"); got != want {
			t.Errorf("readsAs(%q, NET_RAW) = %v", spelling, got)
		}
	}
}
