package controllers

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

// The API server refuses notes above 1,024 bytes.
const (
	maxNote      = 1000
	maxToldNotes = 3
)

// Events are paced, so that a baseline under which thousands of objects drift at once does not flood the API server:
// a few at once go out at once, many wait. What waits is bounded too.
const (
	eventsPerSecond = 25
	eventsAtOnce    = 50
	maxWaiting      = 4096
	holdBack        = time.Second
)

// announcer sends Events, in the order in which things happened.
type announcer struct {
	recorder events.EventRecorder
	metrics  *metrics
	waiting  chan announcement
	busy     func() bool // whether targets wait to be judged
}

// announcement is an Event to be sent.
type announcement struct {
	regarding, related         runtime.Object
	kind, reason, action, note string
}

func newAnnouncer(recorder events.EventRecorder, metrics *metrics) *announcer {
	return &announcer{recorder: recorder, metrics: metrics, waiting: make(chan announcement, maxWaiting), busy: func() bool { return false }}
}

// Start sends what is announced, until the context ends.
func (a *announcer) Start(ctx context.Context) error {
	pace := rate.NewLimiter(eventsPerSecond, eventsAtOnce)
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-a.waiting:
			a.reportsFirst(ctx)
			if err := pace.Wait(ctx); err != nil {
				return nil //nolint:nilerr // the operator stops
			}
			a.recorder.Eventf(e.regarding, e.related, e.kind, e.reason, e.action, "%s", e.note)
		}
	}
}

// reportsFirst holds an Event back while targets wait to be judged, though not for long: the API server has the reports
// to write, of which the Events only tell.
func (a *announcer) reportsFirst(ctx context.Context) {
	wait, cancel := context.WithTimeout(ctx, holdBack)
	defer cancel()
	ticker := time.NewTicker(holdBack / 100)
	defer ticker.Stop()
	for a.busy() {
		select {
		case <-ticker.C:
		case <-wait.Done():
			return
		}
	}
}

// drift tells what happened to the findings of a target, after the report that says so was written. Only findings of
// baselines that want Events are told of, and waived ones only when they were open before.
func (a *announcer) drift(before *v1alpha1.DriftReport, outcome report.Outcome, set *baseline.Set) {
	after, changes := outcome.Report, told(before, outcome.Changes, set)
	if changes.None() {
		return
	}
	regarding := after
	if regarding == nil {
		regarding = before
	}
	kind, reason := corev1.EventTypeWarning, v1alpha1.EventDriftChanged
	var note string
	switch was, is := stateOf(before), stateOf(after); {
	case outcome.Uncovered:
		kind, reason = corev1.EventTypeNormal, v1alpha1.EventDriftResolved
		note = "No baseline covers this object any more, so its DriftReport is gone. " + list("was open:", changes.Resolved)
	case is == v1alpha1.StateResolved:
		kind, reason = corev1.EventTypeNormal, v1alpha1.EventDriftResolved
		note = "Nothing has drifted any more: " + listResolved(outcome, changes.Resolved)
	case is == v1alpha1.StateWaived:
		kind = corev1.EventTypeNormal
		note = strings.Join(notEmpty("No finding is open any more:", listWaived(changes.Waived), listResolved(outcome, changes.Resolved)), " ")
	case was != v1alpha1.StateDrifted:
		reason, note = v1alpha1.EventDriftDetected, tell(outcome, changes)
	default:
		note = strings.Join(notEmpty(tell(outcome, changes), listChanged(changes.Changed), listWaived(changes.Waived),
			listResolved(outcome, changes.Resolved)), " ")
	}
	a.send(objectFor(regarding.Spec.Target), reportRef(regarding), kind, reason, note)
}

// told returns the changes that Events tell of.
func told(before *v1alpha1.DriftReport, changes engine.Changes, set *baseline.Set) engine.Changes {
	wasOpen := map[engine.Identity]bool{}
	if before != nil {
		for i := range before.Status.Findings {
			f := &before.Status.Findings[i]
			wasOpen[engine.IdentityOf(f)] = engine.Open(f)
		}
	}
	known := func(f engine.Finding) bool { return wasOpen[engine.IdentityOf(&f)] }
	open := func(f engine.Finding) bool { return engine.Open(&f) }
	every := func(engine.Finding) bool { return true }
	return engine.Changes{
		Opened: wanted(changes.Opened, set, every), Unwaived: wanted(changes.Unwaived, set, every),
		Waived: wanted(changes.Waived, set, known), Changed: wanted(changes.Changed, set, open),
		Resolved: wanted(changes.Resolved, set, open),
	}
}

// stateOf returns the state of a report; where there is none, nothing has drifted.
func stateOf(r *v1alpha1.DriftReport) v1alpha1.ReportState {
	if r == nil {
		return v1alpha1.StateResolved
	}
	return r.Status.State
}

// baseline tells of a baseline.
func (a *announcer) baseline(sb *v1alpha1.SecurityBaseline, reason, note string) {
	a.send(sb, nil, corev1.EventTypeWarning, reason, note)
}

// send announces one Event. client-go folds Events of equal object, related object, type, reason and action within six
// minutes into one, and drops the newer note: so the action carries a hash of the note, and only Events that say the
// same are folded.
func (a *announcer) send(regarding, related runtime.Object, kind, reason, note string) {
	if len(note) > maxNote {
		note = strings.ToValidUTF8(note[:maxNote], "") + "…"
	}
	action := fmt.Sprintf("Judge-%08x", crc32.ChecksumIEEE([]byte(note)))
	select {
	case a.waiting <- announcement{regarding, related, kind, reason, action, note}:
	default: // the reports say it all the same
		a.metrics.eventsDropped.Inc()
	}
}

// tell says in sentences what has drifted, and by whom.
func tell(outcome report.Outcome, changes engine.Changes) string {
	var sentences []string
	for i := range changes.Opened {
		f := &changes.Opened[i]
		sentence, gained := f.Message, report.Moved(f, outcome.Granted)
		if gained {
			sentence = "GAINED: " + sentence
		}
		// Who granted what was not gained now did not open the finding.
		if listed := listedIn(outcome.Report, f); listed != nil && (gained || f.Origin != v1alpha1.OriginPermissions) {
			sentence = withDeed(sentence, listed, outcome.Report.Spec.Target)
		}
		if !slices.Contains(sentences, sentence) { // two checks may say the same
			sentences = append(sentences, sentence)
		}
	}
	for i := range changes.Unwaived {
		sentences = append(sentences, "No exception waives this any more: "+changes.Unwaived[i].Message)
	}
	if more := len(sentences) - maxToldNotes; more > 0 {
		sentences = append(sentences[:maxToldNotes], fmt.Sprintf("And %s.", report.Plural(more, "finding more", "findings more")))
	}
	return strings.Join(slices.Concat(whyOpened(outcome, changes), sentences), " ")
}

// whyOpened says why findings opened, where that is known, each reason once.
func whyOpened(outcome report.Outcome, changes engine.Changes) []string {
	var reasons []string
	for i := range changes.Opened {
		if why := outcome.Why[engine.IdentityOf(&changes.Opened[i])]; why != "" && !slices.Contains(reasons, why+".") {
			reasons = append(reasons, why+".")
		}
	}
	return reasons
}

// listChanged names what is judged in another way than before, with how bad it is now.
func listChanged(findings []engine.Finding) string {
	said := slices.Clone(findings)
	for i := range said {
		said[i].Value += " (now " + string(said[i].Severity) + ")"
	}
	return list("changed", said)
}

// listWaived names findings with the exceptions that waive them.
func listWaived(findings []engine.Finding) string {
	var names []string
	for i := range findings {
		if name := findings[i].Waiver.Exception; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return list("waived by exception "+strings.Join(names, ", ")+":", findings)
}

// listResolved names what is resolved. Of permissions it says through which binding and role, and whether they were lost.
func listResolved(outcome report.Outcome, findings []engine.Finding) string {
	var lost []string
	var rest []engine.Finding
	for _, f := range findings {
		switch {
		case f.Origin != v1alpha1.OriginPermissions:
			rest = append(rest, f)
		case !report.Moved(&f, outcome.Granted):
			f.Value = f.Actual
			rest = append(rest, f)
		case !slices.Contains(lost, f.Actual):
			lost = append(lost, f.Actual)
		}
	}
	if len(lost) == 0 {
		return list("resolved", rest)
	}
	if more := len(lost) - maxToldNotes; more > 0 {
		lost = append(lost[:maxToldNotes], fmt.Sprintf("%d more", more))
	}
	return strings.Join(notEmpty("LOST "+strings.Join(lost, "; ")+".", list("resolved", rest)), " ")
}

// listedIn returns a finding as a report lists it, with what changed it; nil when it does not.
func listedIn(r *v1alpha1.DriftReport, f *engine.Finding) *engine.Finding {
	for i := range r.Status.Findings {
		if listed := &r.Status.Findings[i]; engine.IdentityOf(listed) == engine.IdentityOf(f) {
			return listed
		}
	}
	return nil
}

// list names findings by check and value.
func list(what string, findings []engine.Finding) string {
	if len(findings) == 0 {
		return ""
	}
	var names []string
	for i := range findings[:min(len(findings), maxToldNotes)] {
		f := &findings[i]
		name := f.Check + " " + f.Value
		if f.Container != "" {
			name += " in container " + f.Container
		}
		names = append(names, name)
	}
	if more := len(findings) - maxToldNotes; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s %s.", what, strings.Join(names, ", "))
}

func wanted(findings []engine.Finding, set *baseline.Set, also func(engine.Finding) bool) []engine.Finding {
	var kept []engine.Finding
	for _, f := range findings {
		// A baseline that was deleted has no wish any more; that its findings went is worth telling.
		if b := set.Get(f.Baseline); (b == nil || b.Events) && also(f) {
			kept = append(kept, f)
		}
	}
	return kept
}

func notEmpty(texts ...string) []string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}

// reportRef makes the reference to the report that an Event relates: thousands may wait, and are not to hold their reports.
func reportRef(r *v1alpha1.DriftReport) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "DriftReport", Namespace: r.Namespace, Name: r.Name, UID: r.UID,
		ResourceVersion: r.ResourceVersion,
	}
}

// objectFor makes the reference that an Event regards.
func objectFor(target v1alpha1.TargetReference) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: target.APIVersion, Kind: target.Kind, Namespace: target.Namespace, Name: target.Name, UID: target.UID,
	}
}
