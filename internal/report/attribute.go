package report

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// Attribute adds to the findings that an outcome opened, and to their entries in the history, what changed them. It
// changes the outcome's report.
func Attribute(outcome Outcome, lastChange func(path string) *v1alpha1.Change) {
	if outcome.Report == nil {
		return
	}
	opened := map[engine.Identity]bool{}
	for i := range outcome.Changes.Opened {
		opened[engine.IdentityOf(&outcome.Changes.Opened[i])] = true
	}
	status := &outcome.Report.Status
	for i := range status.Findings {
		f := &status.Findings[i]
		if !opened[engine.IdentityOf(f)] {
			continue
		}
		if f.LastChange = lastChange(f.Path); f.LastChange != nil {
			attributeHistory(status.History[:min(len(opened), len(status.History))], f)
		}
	}
}

// attributeHistory finds the entry of a finding among those that were just made.
func attributeHistory(entries []v1alpha1.HistoryEntry, f *engine.Finding) {
	for i := range entries {
		e := &entries[i]
		if e.Check == f.Check && e.Baseline == f.Baseline && e.Container == f.Container && e.Value == f.Value {
			e.Manager = f.LastChange.Manager
		}
	}
}
