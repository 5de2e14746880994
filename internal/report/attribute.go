package report

import (
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// Attribute adds to the findings that appeared with an outcome, and to their entries in the history, what changed them.
// It changes the outcome's report.
func Attribute(outcome Outcome, lastChange func(*engine.Finding) *v1alpha1.Change) {
	for _, f := range unattributed(outcome) {
		if f.LastChange = lastChange(f); f.LastChange != nil {
			attributeHistory(outcome, f)
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

// attributeHistory finds the entry of a finding among those that were just made: they come first, in the order of the changes.
// An entry says less of a finding than what tells it from others.
func attributeHistory(outcome Outcome, f *engine.Finding) {
	c, history := outcome.Changes, outcome.Report.Status.History
	for i, one := range slices.Concat(c.Opened, c.Unwaived, c.Waived) {
		if i < len(history) && engine.IdentityOf(&one) == engine.IdentityOf(f) {
			history[i].Manager = f.LastChange.Manager
		}
	}
}

// Explain adds to the entries of the history that an outcome opened why they were, where only whoever watched knows it: what
// could tell is gone. why returns an empty text of a finding of which nobody knows.
func Explain(outcome *Outcome, why func(*engine.Finding) string) {
	if outcome.Report == nil {
		return
	}
	history := outcome.Report.Status.History
	for i := range outcome.Changes.Opened {
		f := &outcome.Changes.Opened[i]
		known := cut(why(f))
		if known == "" {
			continue
		}
		if outcome.Why == nil {
			outcome.Why = map[engine.Identity]string{}
		}
		outcome.Why[engine.IdentityOf(f)] = known
		if i < len(history) { // those that opened come first
			history[i].Message = known
		}
	}
}
