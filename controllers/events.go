package controllers

import (
	"context"
	"fmt"
	"hash/crc32"
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
// baselines that want Events are told of.
func (a *announcer) drift(before *v1alpha1.DriftReport, outcome report.Outcome, set *baseline.Set) {
	after, changes := outcome.Report, outcome.Changes
	regarding := after
	if regarding == nil {
		regarding = before
	}
	opened, changed, resolved := wanted(changes.Opened, set), wanted(changes.Changed, set), wanted(changes.Resolved, set)
	if len(opened)+len(changed)+len(resolved) == 0 {
		return
	}
	target := objectFor(regarding.Spec.Target)
	switch {
	case outcome.Uncovered:
		a.send(target, regarding, corev1.EventTypeNormal, v1alpha1.EventDriftResolved,
			"No baseline covers this object any more, so its DriftReport is gone. "+list("was open:", resolved))
	case after == nil || after.Status.State == v1alpha1.StateResolved:
		a.send(target, regarding, corev1.EventTypeNormal, v1alpha1.EventDriftResolved,
			"Nothing has drifted any more: "+list("resolved", resolved))
	case before == nil || before.Status.State == v1alpha1.StateResolved:
		a.send(target, regarding, corev1.EventTypeWarning, v1alpha1.EventDriftDetected, tell(after, opened))
	default:
		a.send(target, regarding, corev1.EventTypeWarning, v1alpha1.EventDriftChanged, strings.Join(notEmpty(
			tell(after, opened), list("changed", changed), list("resolved", resolved)), " "))
	}
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
func tell(r *v1alpha1.DriftReport, opened []engine.Finding) string {
	if len(opened) == 0 {
		return ""
	}
	var sentences []string
	for i := range opened[:min(len(opened), maxToldNotes)] {
		sentence := opened[i].Message
		if by := changedBy(r, &opened[i]); by != "" {
			sentence += " Changed by " + by + "."
		}
		sentences = append(sentences, sentence)
	}
	if more := len(opened) - maxToldNotes; more > 0 {
		sentences = append(sentences, fmt.Sprintf("And %s.", report.Plural(more, "finding more", "findings more")))
	}
	return strings.Join(sentences, " ")
}

func changedBy(r *v1alpha1.DriftReport, f *engine.Finding) string {
	for i := range r.Status.Findings {
		listed := &r.Status.Findings[i]
		if listed.LastChange != nil && engine.IdentityOf(listed) == engine.IdentityOf(f) {
			return listed.LastChange.Manager
		}
	}
	return ""
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

func wanted(findings []engine.Finding, set *baseline.Set) []engine.Finding {
	var kept []engine.Finding
	for _, f := range findings {
		// A baseline that was deleted has no wish any more; that its findings went is worth telling.
		if b := set.Get(f.Baseline); b == nil || b.Events {
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

// objectFor makes the reference that an Event regards.
func objectFor(target v1alpha1.TargetReference) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: target.APIVersion, Kind: target.Kind, Namespace: target.Namespace, Name: target.Name, UID: target.UID,
	}
}
