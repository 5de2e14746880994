package main

import (
	"fmt"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checksdoc"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
)

// standardRow says since which versions of the Pod Security Standards a check is made.
type standardRow = checksdoc.Standard

// standardRows has a row for each check that a level asks for in some version.
func standardRows(checks []engine.Check) ([]standardRow, error) {
	var rows []standardRow
	for i := range checks {
		baseline, err := since(&checks[i], v1alpha1.LevelBaseline)
		if err != nil {
			return nil, err
		}
		restricted, err := since(&checks[i], v1alpha1.LevelRestricted)
		if err != nil {
			return nil, err
		}
		if baseline != "" || restricted != "" {
			rows = append(rows, standardRow{Check: checks[i].ID, Baseline: baseline, Restricted: restricted})
		}
	}
	return rows, nil
}

// since returns the first version in which the level asks for the check; empty when none does.
func since(check *engine.Check, level v1alpha1.PodSecurityLevel) (string, error) {
	for minor := range podsecurity.Newest + 1 {
		version := fmt.Sprintf("v1.%d", minor)
		rules, err := podsecurity.Expand(level, version)
		if err != nil {
			return "", err
		}
		if check.Declared(&v1alpha1.SecurityBaselineSpec{Workloads: rules.Workloads}) {
			return version, nil
		}
	}
	return "", nil
}
