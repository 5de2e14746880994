package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
)

func waived(f engine.Finding) engine.Finding {
	until := metav1.NewTime(start.Add(30 * 24 * time.Hour))
	f.Waiver = &v1alpha1.Waiver{Exception: "cfos", Expires: &until}
	return f
}

func TestWaivedFindingsStayAndAreCountedApart(t *testing.T) {
	w := newWorld()
	status := w.judge(waived(finding("privileged", "true", v1alpha1.SeverityCritical)), high("NET_ADMIN")).Report.Status
	want := v1alpha1.ReportSummary{Findings: 1, Waived: 1, SeverityCounts: v1alpha1.SeverityCounts{High: 1}}
	if diff := cmp.Diff(want, status.Summary); diff != "" {
		t.Error(diff)
	}
	if status.State != v1alpha1.StateDrifted || status.Severity != v1alpha1.SeverityHigh {
		t.Errorf("state %s, severity %s: want those of the open finding", status.State, status.Severity)
	}
	if len(status.Findings) != 2 || status.Findings[0].Value != "NET_ADMIN" || status.Findings[1].Waiver.Exception != "cfos" {
		t.Errorf("findings = %+v, want the open one first", status.Findings)
	}
}

func TestAReportWithoutOpenFindingsIsWaived(t *testing.T) {
	w := newWorld()
	outcome := w.judge(waived(high("NET_RAW")))
	status := outcome.Report.Status
	if status.State != v1alpha1.StateWaived || status.Severity != "" || status.FirstDetected != nil || status.ResolvedAt != nil {
		t.Errorf("status = %+v", status)
	}
	if c := meta.FindStatusCondition(status.Conditions, "Drifted"); c.Status != metav1.ConditionFalse || c.Reason != "AllWaived" {
		t.Errorf("condition = %+v", c)
	}
	if len(outcome.Changes.Opened) != 0 || len(outcome.Changes.Waived) != 1 || !status.Findings[0].FirstSeen.Time.Equal(start) {
		t.Errorf("changes = %+v, findings = %+v", outcome.Changes, status.Findings)
	}
	if again := w.judge(waived(high("NET_RAW"))); !again.Changes.None() {
		t.Errorf("a second look finds changes: %+v", again.Changes)
	}
}

func TestTheLifeOfAWaivedFinding(t *testing.T) {
	w := newWorld()
	w.judge(high("NET_RAW"))
	w.now = start.Add(time.Minute)
	w.judge(waived(high("NET_RAW")))
	w.now = start.Add(2 * time.Minute)
	ended := w.judge(high("NET_RAW"))
	if len(ended.Changes.Unwaived) != 1 || len(ended.Changes.Opened) != 0 {
		t.Errorf("changes = %+v, want one whose waiver ended", ended.Changes)
	}
	status := ended.Report.Status
	if status.State != v1alpha1.StateDrifted || !status.FirstDetected.Time.Equal(w.now) || !status.Findings[0].FirstSeen.Time.Equal(start) {
		t.Errorf("status = %+v, want drift from now on, of a finding that was first seen at the start", status)
	}
	w.judge(waived(high("NET_RAW")))
	w.judge()
	var history []string
	for _, e := range w.last.Status.History {
		history = append(history, string(e.Type)+" "+e.Value)
	}
	want := []string{"Resolved NET_RAW", "Waived NET_RAW", "WaiverEnded NET_RAW", "Waived NET_RAW", "Opened NET_RAW"}
	if diff := cmp.Diff(want, history); diff != "" {
		t.Error(diff)
	}
}

func TestAnOutcomeTurnsWhenAnExceptionDoes(t *testing.T) {
	w := newWorld()
	end := start.Add(time.Hour)
	verdict := judgement.Verdict{Result: engine.Result{Findings: []engine.Finding{waived(high("NET_RAW"))}}, Covering: w.covering, Turns: end}
	if outcome := w.judgeAs(verdict); !outcome.Turns.Equal(end) {
		t.Errorf("turns %v, want %v", outcome.Turns, end)
	}
}

func TestAttributeNamesWhoMadeAWaivedFindingOnce(t *testing.T) {
	w := newWorld()
	by := func(name string) func(*engine.Finding) *v1alpha1.Change {
		return func(*engine.Finding) *v1alpha1.Change { return &v1alpha1.Change{Manager: name} }
	}
	report.Attribute(w.judge(waived(high("NET_RAW"))), by("kubectl-edit"))
	w.judge(high("NET_RAW"))
	again := w.judge(waived(high("NET_RAW")))
	if report.Unattributed(again) {
		t.Error("who changed it is known, and need not be asked for")
	}
	report.Attribute(again, by("somebody else"))
	if got := w.last.Status.Findings[0].LastChange.Manager; got != "kubectl-edit" {
		t.Errorf("changed by %s: an exception that comes later changes no field", got)
	}
	if first := w.last.Status.History[2]; first.Manager != "kubectl-edit" {
		t.Errorf("history = %+v", w.last.Status.History)
	}
}

// In a cut report, what is waived from now on moves behind the end of the list.
func TestAWaiverInACutReportIsTold(t *testing.T) {
	w := newWorld()
	var many []engine.Finding
	for i := range 60 {
		many = append(many, high(fmt.Sprintf("CAP%02d", i)))
	}
	w.judge(many...)
	many[0] = waived(many[0])
	if changes := w.judge(many...).Changes; len(changes.Waived) != 1 || changes.Waived[0].Value != "CAP00" || len(changes.Opened) != 0 {
		t.Errorf("changes = %+v, want CAP00 waived", changes)
	}
}
