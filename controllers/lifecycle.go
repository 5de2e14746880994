package controllers

import (
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

// lived counts what became of findings with a report that was written.
func (m *metrics) lived(outcome report.Outcome, now time.Time) {
	for i := range outcome.Changes.Resolved {
		f := &outcome.Changes.Resolved[i]
		if engine.Open(f) && f.FirstSeen != nil {
			m.resolve.WithLabelValues(string(f.Severity)).Observe(now.Sub(f.FirstSeen.Time).Seconds())
		}
	}
	if outcome.Report == nil {
		return
	}
	history := outcome.Report.Status.History
	for i := range history[:min(len(outcome.Changes.Opened), len(history))] {
		if history[i].Type == v1alpha1.HistoryReopened {
			m.reopened.WithLabelValues(history[i].Baseline).Inc()
		}
	}
	m.changed(outcome)
}

// changed counts the findings that opened by the class of what changed the object. A guess is none.
func (m *metrics) changed(outcome report.Outcome) {
	opened := make(map[engine.Identity]bool, len(outcome.Changes.Opened))
	for i := range outcome.Changes.Opened {
		opened[engine.IdentityOf(&outcome.Changes.Opened[i])] = true
	}
	for i := range outcome.Report.Status.Findings {
		f := &outcome.Report.Status.Findings[i]
		if !opened[engine.IdentityOf(f)] {
			continue
		}
		class := v1alpha1.ManagerUnknown
		if f.LastChange != nil && f.LastChange.Confidence != v1alpha1.ConfidenceLow {
			class = f.LastChange.Class
		}
		m.changes.WithLabelValues(string(class)).Inc()
	}
}

// oldestOf returns since when the oldest open findings of a report are known.
func oldestOf(r *v1alpha1.DriftReport) map[openKind]time.Time {
	if r == nil {
		return nil
	}
	var oldest map[openKind]time.Time
	for i := range r.Status.Findings {
		f := &r.Status.Findings[i]
		if !engine.Open(f) || f.FirstSeen == nil {
			continue
		}
		kind := openKind{f.Baseline, f.Severity}
		if since, known := oldest[kind]; !known || f.FirstSeen.Time.Before(since) {
			put(&oldest, kind, f.FirstSeen.Time)
		}
	}
	return oldest
}

// oldest returns since when the oldest open finding of each baseline and severity is known.
func (l *ledger) oldest() map[openKind]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := map[openKind]time.Time{}
	for _, e := range l.entries {
		for kind, since := range e.oldest {
			if known, is := oldest[kind]; !is || since.Before(known) {
				oldest[kind] = since
			}
		}
	}
	return oldest
}
