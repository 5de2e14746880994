package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

func pinnedAt(path string) engine.Finding {
	f := finding("declared-object", "true", v1alpha1.SeverityHigh)
	f.Path = path
	return f
}

func (w *world) history() []string {
	var lines []string
	for _, e := range w.last.Status.History {
		lines = append(lines, string(e.Type)+" "+e.Path)
	}
	return lines
}

func TestTheHistoryTellsFindingsApartThatDifferInTheirFieldOnly(t *testing.T) {
	w := newWorld()
	ipc, network := pinnedAt("spec.template.spec.hostIPC"), pinnedAt("spec.template.spec.hostNetwork")
	w.judge(ipc)
	w.judge()
	w.judge(network)
	w.judge()
	w.judge(ipc)
	want := []string{
		"Reopened spec.template.spec.hostIPC", "Resolved spec.template.spec.hostNetwork", "Opened spec.template.spec.hostNetwork",
		"Resolved spec.template.spec.hostIPC", "Opened spec.template.spec.hostIPC",
	}
	if diff := cmp.Diff(want, w.history()); diff != "" {
		t.Error(diff)
	}
}

func TestLongPathsAreCutInTheHistoryAndStillToldApart(t *testing.T) {
	w := newWorld()
	long := "metadata.annotations[" + strings.Repeat("é", 200)
	w.judge(pinnedAt(long + "a]"))
	w.judge()
	w.judge(pinnedAt(long + "b]"))
	w.judge()
	w.judge(pinnedAt(long + "a]"))
	var kinds []v1alpha1.HistoryType
	for _, e := range w.last.Status.History {
		kinds = append(kinds, e.Type)
		if len(e.Path) > 250 || !strings.HasPrefix(e.Path, "metadata.annotations[éé") {
			t.Errorf("%d bytes: %s", len(e.Path), e.Path)
		}
	}
	want := []v1alpha1.HistoryType{
		v1alpha1.HistoryReopened, v1alpha1.HistoryResolved, v1alpha1.HistoryOpened, v1alpha1.HistoryResolved, v1alpha1.HistoryOpened,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestTheHistoryNamesNobodyByAGuess(t *testing.T) {
	w := newWorld()
	outcome := w.judge(high("NET_RAW"))
	report.Attribute(outcome, func(*engine.Finding) *v1alpha1.Change {
		return &v1alpha1.Change{Manager: "argocd-controller", Confidence: v1alpha1.ConfidenceLow}
	})
	if f := w.last.Status.Findings[0]; f.LastChange == nil || f.LastChange.Manager != "argocd-controller" {
		t.Errorf("last change = %+v, want the guess with its confidence", f.LastChange)
	}
	if e := w.last.Status.History[0]; e.Manager != "" {
		t.Errorf("history = %+v, want nobody", e)
	}
}

func TestWhoChangedAFindingIsAskedForAgainWhereItCouldNotBeRead(t *testing.T) {
	w := newWorld()
	report.Attribute(w.judge(high("NET_RAW")), func(*engine.Finding) *v1alpha1.Change { return nil })
	again := w.judge(high("NET_RAW"))
	if report.Unattributed(again) {
		t.Error("nothing appeared, so that nothing is to be read")
	}
	again.Again = true
	if !report.Unattributed(again) {
		t.Fatal("who changed it was not read yet")
	}
	report.Attribute(again, func(*engine.Finding) *v1alpha1.Change {
		return &v1alpha1.Change{Manager: "kubectl-edit", Confidence: v1alpha1.ConfidenceHigh}
	})
	if f := w.last.Status.Findings[0]; f.LastChange == nil || f.LastChange.Manager != "kubectl-edit" {
		t.Errorf("last change = %+v", f.LastChange)
	}
	if e := w.last.Status.History[0]; e.Manager != "kubectl-edit" {
		t.Errorf("history = %+v", e)
	}
	if report.Unattributed(again) {
		t.Error("it is known now")
	}
}
