package main

import (
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
)

// What a check says of the standards and what the levels ask for are written down in two places.
func TestACheckCitesTheControlByWhichALevelAsksForIt(t *testing.T) {
	all := checks.All()
	rows, err := standardRows(all)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("no level asks for any check")
	}
	for _, row := range rows {
		level, since := "Baseline: ", row.Baseline
		if since == "" {
			level, since = "Restricted: ", row.Restricted
		}
		if since == "v1.0" {
			since = ""
		}
		for _, check := range all {
			if check.ID == row.Check && !citesStandard(check, level, since) {
				t.Errorf("%s cites no control of the Pod Security Standards that begins with %q and names %q", check.ID, level, since)
			}
		}
	}
}

func citesStandard(check engine.Check, level, since string) bool {
	for _, control := range check.Controls {
		if control.Standard == "Pod Security Standards" && strings.HasPrefix(control.Rule, level) && strings.Contains(control.Rule, since) {
			return true
		}
	}
	return false
}
