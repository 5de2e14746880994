package report

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// The bounds of a report, so that no workload can fill etcd.
const (
	maxFindings     = 50
	maxFindingBytes = 32 << 10
)

// limit returns the findings that are listed: the first of them.
func limit(findings []engine.Finding) []engine.Finding {
	size := 0
	for i := range findings {
		size += bytesOf(&findings[i])
		if i == maxFindings || size > maxFindingBytes {
			return findings[:i]
		}
	}
	return findings
}

// bytesOf estimates, from above, what a finding takes in JSON.
func bytesOf(f *engine.Finding) int {
	const namesOfFields = 350
	waiver := 0
	if f.Waiver != nil {
		waiver = 80 + len(f.Waiver.Exception)
	}
	return namesOfFields + waiver + len(f.Check) + len(f.Baseline) + len(f.Container) + len(f.Path) + len(f.Value) +
		len(f.Expected) + len(f.Actual) + len(f.Message) + len(f.Remediation)
}

// summarize counts all findings, waived ones apart, and those beyond the first listed ones as truncated.
func summarize(findings []engine.Finding, listed int) v1alpha1.ReportSummary {
	var summary v1alpha1.ReportSummary
	for i := range findings {
		if engine.Open(&findings[i]) {
			summary.Findings++
			summary.Add(findings[i].Severity, 1)
		} else {
			summary.Waived++
		}
		if i >= listed {
			summary.Truncated++
		}
	}
	return summary
}

// diff compares the last report with all findings there are now. Where the last report was cut, what comes after its
// last listed finding may have been there all the time: it counts neither as opened nor as resolved.
func diff(last *v1alpha1.DriftReport, now []engine.Finding) engine.Changes {
	changes := engine.Diff(findingsOf(last), now)
	if last == nil || last.Status.Summary.Truncated == 0 || len(last.Status.Findings) == 0 {
		return changes
	}
	cut := last.Status.Findings[len(last.Status.Findings)-1]
	listed := map[engine.Identity]bool{}
	for i := range last.Status.Findings {
		listed[engine.IdentityOf(&last.Status.Findings[i])] = true
	}
	unsure := func(f engine.Finding) bool { return !listed[engine.IdentityOf(&f)] && engine.Compare(&f, &cut) > 0 }
	changes.Opened = slices.DeleteFunc(changes.Opened, unsure)
	changes.Waived = slices.DeleteFunc(changes.Waived, unsure)
	return changes
}

// carryOver gives each listed finding what the last report knew of it. A finding that appeared now was first seen
// now; one that only moved up into the list was there no later than the report, whose time it does not know.
func carryOver(listed, last, appeared []engine.Finding, now time.Time) []engine.Finding {
	known := make(map[engine.Identity]*engine.Finding, len(last))
	for i := range last {
		known[engine.IdentityOf(&last[i])] = &last[i]
	}
	isNew := make(map[engine.Identity]bool, len(appeared))
	for i := range appeared {
		isNew[engine.IdentityOf(&appeared[i])] = true
	}
	findings := make([]engine.Finding, len(listed))
	for i := range listed {
		findings[i] = listed[i]
		id := engine.IdentityOf(&listed[i])
		if old, ok := known[id]; ok {
			findings[i].FirstSeen, findings[i].LastChange = old.FirstSeen, old.LastChange
		} else if isNew[id] {
			seen := metav1.NewTime(now.Truncate(time.Second))
			findings[i].FirstSeen = &seen
		}
	}
	return findings
}
