package conformance_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/internal/podsecurity"
)

// The module of the oracle has the minor version of the Kubernetes that it is part of.
func TestTheTableIsOfTheVersionOfPodSecurityAdmissionInGoMod(t *testing.T) {
	version := moduleIs(t, "Version")
	match := regexp.MustCompile(`^v0\.(\d+)\.`).FindStringSubmatch(version)
	if match == nil {
		t.Fatalf("%s is at %s: which version of Kubernetes is that?", module, version)
	}
	minor, err := strconv.Atoi(match[1])
	if err != nil {
		t.Fatal(err)
	}
	if minor != podsecurity.Newest {
		t.Errorf("%s is at %s, but the newest version in internal/podsecurity/controls.go is v1.%d: read what is new in v1.%d on "+
			"https://kubernetes.io/docs/concepts/security/pod-security-standards/, add its rows and set Newest",
			module, version, podsecurity.Newest, minor)
	}
}

func TestTheTableChangesWithTheVersionsInWhichPodSecurityAdmissionDoes(t *testing.T) {
	o, err := newOracle()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[int]bool{}
	for _, version := range o.versions {
		theirs[version.since] = true
	}
	ours := map[int]bool{}
	for _, st := range distinct(t) {
		ours[st.Minor()] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(theirs)), slices.Sorted(maps.Keys(ours))); diff != "" {
		t.Errorf("minor versions that change something (-Pod Security admission +Plumbline):\n%s", diff)
	}
}

func TestTheDocsNameTheNewestVersion(t *testing.T) {
	page, err := os.ReadFile("../../docs/spec/securitybaseline.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("`v1.0` to `v1.%d`", podsecurity.Newest); !strings.Contains(string(page), want) {
		t.Errorf("docs/spec/securitybaseline.md does not say that versions are %s", want)
	}
}
