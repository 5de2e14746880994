package report

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// Attribute adds to the findings that appeared with an outcome, and to their entries in the history, what changed them.
// It changes the outcome's report.
func Attribute(outcome Outcome, lastChange func(*engine.Finding) *v1alpha1.Change) {
	for _, f := range unattributed(outcome) {
		if f.LastChange = lastChange(f); f.LastChange != nil {
			attributeHistory(made(outcome), f)
		}
	}
}

// Unattributed says whether something appeared of which nobody knows yet who changed it.
func Unattributed(outcome Outcome) bool {
	return len(unattributed(outcome)) > 0
}

// unattributed returns, of the findings in the outcome's report, those that appeared and say nothing of who changed them.
func unattributed(outcome Outcome) []*engine.Finding {
	if outcome.Report == nil {
		return nil
	}
	appeared := map[engine.Identity]bool{}
	for _, f := range outcome.Changes.Appeared() {
		appeared[engine.IdentityOf(&f)] = true
	}
	var found []*engine.Finding
	for i := range outcome.Report.Status.Findings {
		if f := &outcome.Report.Status.Findings[i]; f.LastChange == nil && appeared[engine.IdentityOf(f)] {
			found = append(found, f)
		}
	}
	return found
}

// made returns the entries of the history that an outcome made: they come first.
func made(outcome Outcome) []v1alpha1.HistoryEntry {
	c, history := outcome.Changes, outcome.Report.Status.History
	return history[:min(len(c.Opened)+len(c.Waived)+len(c.Unwaived), len(history))]
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

// Explain adds to the entries of the history that an outcome opened why they were, where only whoever watched knows it: what
// could tell is gone.
func Explain(outcome *Outcome, why string) {
	if outcome.Report == nil || len(outcome.Changes.Opened) == 0 {
		return
	}
	outcome.Why = why
	history := outcome.Report.Status.History
	for i := range history[:min(len(outcome.Changes.Opened), len(history))] {
		history[i].Message = why
	}
}
