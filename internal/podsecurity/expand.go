package podsecurity

import (
	"fmt"
	"strconv"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Latest is the version that means the newest one known.
const Latest = "latest"

// Rules are what a level asks for in a version.
type Rules struct {
	// Workloads are the rules as a baseline would declare them.
	v1alpha1.Workloads
	// Reading is how they are to be read.
	Reading
}

// Expand returns what a level asks for in a version, from v1.0 to that of Newest, or latest. What it returns is the caller's.
func Expand(level v1alpha1.PodSecurityLevel, version string) (Rules, error) {
	minor, known := minorOf(version)
	if !known {
		return Rules{}, fmt.Errorf("%q is not a version whose Pod Security Standards are known: these are v1.0 to v1.%d, and %s for the newest of them",
			version, Newest, Latest)
	}
	if level != v1alpha1.LevelBaseline && level != v1alpha1.LevelRestricted {
		return Rules{}, fmt.Errorf("%q is not a level of the Pod Security Standards that asks for something: these are %s and %s",
			level, v1alpha1.LevelBaseline, v1alpha1.LevelRestricted)
	}
	var rules Rules
	for _, control := range controls {
		if minor >= control.since && (level == control.level || level == v1alpha1.LevelRestricted) {
			control.ask(&rules)
		}
	}
	return rules, nil
}

// minorOf returns the minor version, and whether its words are known.
func minorOf(version string) (int, bool) {
	if version == Latest {
		return Newest, true
	}
	digits, isOne := strings.CutPrefix(version, "v1.")
	minor, err := strconv.Atoi(digits)
	spelled := strconv.Itoa(minor) == digits // neither +1 nor 01
	return minor, isOne && err == nil && spelled && minor >= 0 && minor <= Newest
}
