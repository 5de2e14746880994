package report

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// maxHistory is how many entries a report keeps.
const maxHistory = 20

// maxMessage is how long, in bytes, an entry says what was gained or lost, and why.
const maxMessage = 300

// maxPath is how long, in bytes, an entry names a field: there are many entries, and most paths are shorter.
const maxPath = 200

// history puts what happened now before what happened earlier, and drops the oldest.
func history(earlier []v1alpha1.HistoryEntry, changes engine.Changes, in *Input) []v1alpha1.HistoryEntry {
	if changes.None() {
		return earlier
	}
	var entries []v1alpha1.HistoryEntry
	add := func(findings []engine.Finding, kind func(*engine.Finding) v1alpha1.HistoryType) {
		for i := range findings {
			entries = append(entries, entry(&findings[i], kind(&findings[i]), in.Now))
		}
	}
	add(changes.Opened, func(f *engine.Finding) v1alpha1.HistoryType { return opened(f, earlier, in.Granted) })
	add(changes.Unwaived, func(*engine.Finding) v1alpha1.HistoryType { return v1alpha1.HistoryWaiverEnded })
	add(changes.Waived, func(*engine.Finding) v1alpha1.HistoryType { return v1alpha1.HistoryWaived })
	add(changes.Changed, func(*engine.Finding) v1alpha1.HistoryType { return v1alpha1.HistoryChanged })
	add(changes.Resolved, func(f *engine.Finding) v1alpha1.HistoryType { return resolved(f, in.Granted) })
	entries = append(entries, earlier...)
	return entries[:min(len(entries), maxHistory)]
}

func entry(f *engine.Finding, kind v1alpha1.HistoryType, now time.Time) v1alpha1.HistoryEntry {
	e := v1alpha1.HistoryEntry{
		Time: metav1.NewTime(now.Truncate(time.Second)), Type: kind,
		Check: f.Check, Baseline: f.Baseline, Container: f.Container, Path: pathIn(f), Value: f.Value,
	}
	if f.Origin == v1alpha1.OriginPermissions {
		e.Message = cut(f.Actual)
	}
	return e
}

// cut bounds what an entry says.
func cut(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}

// pathIn returns the path of a finding as an entry has it. One that is cut ends in a hash of the whole, so that two that differ
// never look the same.
func pathIn(f *engine.Finding) string {
	if len(f.Path) <= maxPath {
		return f.Path
	}
	sum := sha256.Sum256([]byte(f.Path))
	return strings.ToValidUTF8(f.Path[:maxPath], "") + "…(" + hex.EncodeToString(sum[:8]) + ")"
}

// tells says whether an entry tells of a finding.
func tells(e *v1alpha1.HistoryEntry, f *engine.Finding) bool {
	return e.Check == f.Check && e.Baseline == f.Baseline && e.Container == f.Container && e.Path == pathIn(f) && e.Value == f.Value
}

// Moved says of a finding that opened or was resolved whether a permission was gained or lost with it. It is false where that is not
// known: that somebody may do something is not news because a baseline asks for it now.
func Moved(f *engine.Finding, granted []string) bool {
	return f.Origin == v1alpha1.OriginPermissions && slices.Contains(granted, f.Baseline)
}

func resolved(f *engine.Finding, granted []string) v1alpha1.HistoryType {
	if Moved(f, granted) {
		return v1alpha1.HistoryLost
	}
	return v1alpha1.HistoryResolved
}

// opened looks whether the history knows the finding as resolved. Permissions are gained.
func opened(f *engine.Finding, earlier []v1alpha1.HistoryEntry, granted []string) v1alpha1.HistoryType {
	if Moved(f, granted) {
		return v1alpha1.HistoryGained
	}
	for i := range earlier {
		gone := earlier[i].Type == v1alpha1.HistoryResolved || earlier[i].Type == v1alpha1.HistoryLost
		if gone && tells(&earlier[i], f) {
			return v1alpha1.HistoryReopened
		}
	}
	return v1alpha1.HistoryOpened
}
