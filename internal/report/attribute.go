package report

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// Attribute adds to the findings of which Unattributed speaks, and to their entries in the history, what changed them. The
// history names nobody by a guess. It changes the outcome's report.
func Attribute(outcome Outcome, lastChange func(*engine.Finding) *v1alpha1.Change) {
	for _, f := range unattributed(outcome) {
		if f.LastChange = lastChange(f); f.LastChange != nil && f.LastChange.Confidence != v1alpha1.ConfidenceLow {
			attributeHistory(outcome.Report.Status.History, f)
		}
	}
}

// Unattributed says whether something appeared, or is to be asked for again, of which nobody knows yet who changed it.
func Unattributed(outcome Outcome) bool {
	return len(unattributed(outcome)) > 0
}

// unattributed returns, of the findings in the outcome's report, those that appeared, or all where they are to be asked
// for again, and say nothing of who changed them.
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
		if f := &outcome.Report.Status.Findings[i]; f.LastChange == nil && (outcome.Again || appeared[engine.IdentityOf(f)]) {
			found = append(found, f)
		}
	}
	return found
}

// attributeHistory adds to the newest entry that says how a finding appeared who changed it. Who granted what was not gained now did
// not open the finding.
func attributeHistory(history []v1alpha1.HistoryEntry, f *engine.Finding) {
	for i := range history {
		if e := &history[i]; appears(e.Type) && tells(e, f) {
			if f.Origin != v1alpha1.OriginPermissions || e.Type == v1alpha1.HistoryGained || e.Type == v1alpha1.HistoryWaived {
				e.Manager = f.LastChange.Manager
			}
			return
		}
	}
}

// appears says whether a finding appeared by what happened.
func appears(what v1alpha1.HistoryType) bool {
	switch what {
	case v1alpha1.HistoryOpened, v1alpha1.HistoryReopened, v1alpha1.HistoryGained, v1alpha1.HistoryWaived:
		return true
	default:
		return false
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
