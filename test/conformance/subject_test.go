package conformance_test

import (
	"fmt"
	"testing"

	psa "k8s.io/pod-security-admission/api"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

// standard is a level in a version, as both sides want to hear it.
type standard struct {
	psa.LevelVersion
	declared *v1alpha1.SecurityBaselineSpec
	reading  podsecurity.Reading
}

// standards are both levels in every version that there is, and in the newest by the name of latest.
func standards(t *testing.T) []standard {
	t.Helper()
	var found []standard
	for _, level := range []v1alpha1.PodSecurityLevel{v1alpha1.LevelBaseline, v1alpha1.LevelRestricted} {
		for _, version := range versions() {
			rules, err := podsecurity.Expand(level, version)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := psa.ParseVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, standard{
				LevelVersion: psa.LevelVersion{Level: psa.Level(level), Version: theirs},
				declared:     &v1alpha1.SecurityBaselineSpec{Workloads: rules.Workloads},
				reading:      rules.Reading,
			})
		}
	}
	return found
}

func versions() []string {
	var found []string
	for minor := range podsecurity.Newest + 1 {
		found = append(found, fmt.Sprintf("v1.%d", minor))
	}
	return append(found, podsecurity.Latest)
}

// subject is Plumbline: its checks, under rules that the standards ask for.
type subject struct {
	checks []engine.Check
	known  map[string]verdict
}

func newSubject() *subject {
	return &subject{checks: checks.All(), known: bits(func(c control) []string { return c.ours })}
}

// judge returns what is found, and which controls forbid the pods. A check that could not be made is an unknown one.
func (s *subject) judge(st *standard, w workload.Workload) (engine.Result, verdict) {
	var v verdict
	result := engine.Evaluate(s.checks, &engine.Input{Workload: w, Baseline: "standard", Declared: st.declared, Reading: st.reading})
	for i := range result.Findings {
		bit, found := s.known[result.Findings[i].Check]
		if !found {
			bit = unknown
		}
		v |= bit
	}
	if len(result.NotEvaluated) > 0 {
		v |= unknown
	}
	return result, v
}
