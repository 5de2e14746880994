package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

var (
	start  = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	target = v1alpha1.TargetReference{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "api", UID: "u1"}
)

func finding(check, value string, severity v1alpha1.Severity) engine.Finding {
	return engine.Finding{Check: check, Baseline: "production", Severity: severity, Container: "app", Path: "spec", Value: value, Message: "m"}
}

func high(value string) engine.Finding {
	return finding("added-capability", value, v1alpha1.SeverityHigh)
}

// world makes reports one after the other, as a cluster would.
type world struct {
	last       *v1alpha1.DriftReport
	now        time.Time
	generation int64
	covering   []*baseline.Baseline
	granted    []string
}

func newWorld() *world {
	return &world{now: start, generation: 1, covering: []*baseline.Baseline{{Name: "production", Retention: 24 * time.Hour}}, granted: []string{"production"}}
}

func (w *world) judge(findings ...engine.Finding) report.Outcome {
	verdict := judgement.Verdict{Result: engine.Result{Findings: engine.Sort(findings)}, Covering: w.covering}
	return w.judgeAs(verdict)
}

func (w *world) judgeAs(verdict judgement.Verdict) report.Outcome {
	outcome := report.Build(report.Input{
		Target: target, Generation: w.generation, Last: w.last, Verdict: verdict, Granted: w.granted, Now: w.now,
	})
	w.last = outcome.Report
	return outcome
}

func TestACleanTargetHasNoReport(t *testing.T) {
	if outcome := newWorld().judge(); outcome.Report != nil || !outcome.Changes.None() {
		t.Errorf("outcome = %+v, want nothing", outcome)
	}
}

func TestADriftedTargetHasOne(t *testing.T) {
	w := newWorld()
	w.generation = 7
	r := w.judge(finding("privileged", "true", v1alpha1.SeverityCritical), high("NET_ADMIN"), high("NET_RAW")).Report
	if r.Status.State != v1alpha1.StateDrifted || r.Status.Severity != v1alpha1.SeverityCritical || r.Status.TargetGeneration != 7 {
		t.Errorf("status = %+v", r.Status)
	}
	want := v1alpha1.ReportSummary{Findings: 3, SeverityCounts: v1alpha1.SeverityCounts{Critical: 1, High: 2}}
	if diff := cmp.Diff(want, r.Status.Summary); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"production"}, r.Status.Baselines); diff != "" {
		t.Error(diff)
	}
	if r.Namespace != "shop" || r.OwnerReferences[0].UID != "u1" || *r.OwnerReferences[0].Controller || *r.OwnerReferences[0].BlockOwnerDeletion {
		t.Errorf("metadata = %+v", r.ObjectMeta)
	}
	if !meta.IsStatusConditionTrue(r.Status.Conditions, "Drifted") || !meta.IsStatusConditionTrue(r.Status.Conditions, "Evaluated") {
		t.Errorf("conditions = %+v", r.Status.Conditions)
	}
	for _, f := range r.Status.Findings {
		if !f.FirstSeen.Time.Equal(start) {
			t.Errorf("%s first seen %v, want %v", f.Value, f.FirstSeen, start)
		}
	}
}

func TestASecondLookMakesTheSameReport(t *testing.T) {
	w := newWorld()
	first := w.judge(high("NET_ADMIN")).Report
	w.now = start.Add(time.Hour)
	w.generation = 9 // an autoscaler at work
	second := w.judge(high("NET_ADMIN"))
	if !second.Changes.None() || !equality.Semantic.DeepEqual(first, second.Report) {
		t.Errorf("the report changed: %s", cmp.Diff(first, second.Report))
	}
}

func TestTheLifeOfAFinding(t *testing.T) {
	w := newWorld()
	w.judge(high("NET_ADMIN"))
	w.now = start.Add(time.Minute)
	opened := w.judge(high("NET_ADMIN"), high("SYS_ADMIN"))
	if len(opened.Changes.Opened) != 1 || opened.Changes.Opened[0].Value != "SYS_ADMIN" {
		t.Errorf("opened = %v, want SYS_ADMIN", opened.Changes.Opened)
	}
	if got := opened.Report.Status.Findings; !got[0].FirstSeen.Time.Equal(start) || !got[1].FirstSeen.Time.Equal(w.now) {
		t.Errorf("first seen %v and %v, want each its own time", got[0].FirstSeen, got[1].FirstSeen)
	}
	w.now = start.Add(2 * time.Minute)
	resolved := w.judge()
	if resolved.Report.Status.State != v1alpha1.StateResolved || !resolved.Report.Status.ResolvedAt.Time.Equal(w.now) ||
		resolved.Report.Status.Severity != "" || len(resolved.Changes.Resolved) != 2 {
		t.Errorf("status = %+v", resolved.Report.Status)
	}
	if want := w.now.Add(24 * time.Hour); !resolved.Turns.Equal(want) {
		t.Errorf("expires %v, want %v", resolved.Turns, want)
	}
	w.now = start.Add(3 * time.Minute)
	reopened := w.judge(high("NET_ADMIN")).Report
	if reopened.Status.State != v1alpha1.StateDrifted || reopened.Status.ResolvedAt != nil || !reopened.Status.FirstDetected.Time.Equal(w.now) {
		t.Errorf("status = %+v", reopened.Status)
	}
	var history []string
	for _, e := range reopened.Status.History {
		history = append(history, string(e.Type)+" "+e.Value)
	}
	want := []string{"Reopened NET_ADMIN", "Resolved NET_ADMIN", "Resolved SYS_ADMIN", "Opened SYS_ADMIN", "Opened NET_ADMIN"}
	if diff := cmp.Diff(want, history); diff != "" {
		t.Error(diff)
	}
}

func TestAResolvedReportGoesAfterItsRetention(t *testing.T) {
	w := newWorld()
	w.judge(high("NET_ADMIN"))
	w.judge()
	w.now = start.Add(24*time.Hour - time.Second)
	if w.judge().Report == nil {
		t.Fatal("gone before its time")
	}
	w.now = start.Add(24 * time.Hour)
	if outcome := w.judge(); outcome.Report != nil || !outcome.Changes.None() {
		t.Errorf("outcome = %+v, want the report gone without a word", outcome)
	}
}

func TestWithoutRetentionAResolvedReportGoesAtOnceAndItIsTold(t *testing.T) {
	w := newWorld()
	w.covering[0].Retention = 0
	w.judge(high("NET_ADMIN"))
	if outcome := w.judge(); outcome.Report != nil || len(outcome.Changes.Resolved) != 1 {
		t.Errorf("outcome = %+v, want no report and one resolved finding", outcome)
	}
}

func TestTheLongestRetentionCounts(t *testing.T) {
	w := newWorld()
	w.covering = append(w.covering, &baseline.Baseline{Name: "staging", Retention: 48 * time.Hour})
	w.judge(high("NET_ADMIN"))
	if got := w.judge().Turns; !got.Equal(start.Add(48 * time.Hour)) {
		t.Errorf("expires %v", got)
	}
}

func TestWhatNoBaselineCoversHasNoReport(t *testing.T) {
	w := newWorld()
	w.judge(high("NET_ADMIN"))
	w.covering = nil
	if outcome := w.judge(); outcome.Report != nil || !outcome.Uncovered || len(outcome.Changes.Resolved) != 1 {
		t.Errorf("outcome = %+v, want no report, because nothing covers it", outcome)
	}
}

func TestAFrozenBaselineLeavesTheReportToTheLetter(t *testing.T) {
	w := newWorld()
	var many []engine.Finding
	for i := range 60 {
		many = append(many, high(fmt.Sprintf("CAP%02d", i)))
	}
	before := w.judge(many...).Report
	w.covering = []*baseline.Baseline{{Name: "production", Frozen: "suspended", Retention: time.Hour}}
	w.now = start.Add(time.Minute)
	// A frozen baseline can only say again what the report lists.
	outcome := w.judge(before.Status.Findings...)
	if !outcome.Changes.None() || !equality.Semantic.DeepEqual(before, outcome.Report) {
		t.Errorf("changed: %s", cmp.Diff(before, outcome.Report))
	}
}

func TestTheListIsCutAndTheSummaryIsNot(t *testing.T) {
	w := newWorld()
	var many []engine.Finding
	for i := range 200 {
		many = append(many, high(fmt.Sprintf("CAP%03d", i)))
	}
	many = append(many, finding("privileged", "true", v1alpha1.SeverityCritical))
	r := w.judge(many...).Report
	if len(r.Status.Findings) != 50 || r.Status.Findings[0].Check != "privileged" {
		t.Errorf("%d findings, the first %s; want 50, the worst first", len(r.Status.Findings), r.Status.Findings[0].Check)
	}
	if s := r.Status.Summary; s.Findings != 201 || s.Truncated != 151 || s.High != 200 {
		t.Errorf("summary = %+v", s)
	}
	if again := w.judge(many...); !again.Changes.None() {
		t.Errorf("findings that are not listed count as changes: %+v", again.Changes)
	}
	w.now = start.Add(time.Hour)
	fewer := w.judge(many[1:]...) // CAP000 is gone, so that CAP049 moves up into the list
	if len(fewer.Changes.Opened) != 0 || len(fewer.Changes.Resolved) != 1 {
		t.Errorf("changes = %+v, want one resolved and none opened", fewer.Changes)
	}
	if last := fewer.Report.Status.Findings[49]; last.FirstSeen != nil {
		t.Errorf("%s moved up into the list; when it was first seen is not known, but it says %v", last.Value, last.FirstSeen)
	}
}

func TestTheListIsCutBySizeToo(t *testing.T) {
	w := newWorld()
	var many []engine.Finding
	for i := range 49 {
		f := high(fmt.Sprintf("CAP%03d", i))
		f.Actual, f.Expected, f.Message, f.Remediation = long(), long(), long(), long()
		many = append(many, f)
	}
	r := w.judge(many...).Report
	if n := len(r.Status.Findings); n == 0 || n > 10 {
		t.Errorf("%d findings of 4 KiB are listed in 32 KiB", n)
	}
}

func long() string { return strings.Repeat("x", 1024) }

func TestTheHistoryIsCut(t *testing.T) {
	w := newWorld()
	for i := range 30 {
		w.judge(high(fmt.Sprintf("CAP%02d", i)))
	}
	if n := len(w.last.Status.History); n != 20 {
		t.Errorf("%d entries, want 20", n)
	}
	if newest := w.last.Status.History[0]; newest.Value != "CAP29" {
		t.Errorf("newest = %s", newest.Value)
	}
}

func TestASiblingThatChangesTheWholeFieldIsNoChangeOfAFinding(t *testing.T) {
	w := newWorld()
	raw := high("NET_RAW")
	raw.Actual = "NET_RAW"
	w.judge(raw)
	raw.Actual = "NET_ADMIN, NET_RAW"
	outcome := w.judge(raw, high("NET_ADMIN"))
	if len(outcome.Changes.Changed) != 0 || len(outcome.Changes.Opened) != 1 {
		t.Errorf("changes = %+v", outcome.Changes)
	}
	if got := outcome.Report.Status.Findings[1].Actual; got != "NET_ADMIN, NET_RAW" {
		t.Errorf("actual = %q, want what it is now", got)
	}
}

func TestWhatIsExpectedCanChange(t *testing.T) {
	w := newWorld()
	w.judge(high("NET_RAW"))
	changed := high("NET_RAW")
	changed.Expected = "one of: CHOWN"
	outcome := w.judge(changed)
	if len(outcome.Changes.Changed) != 1 || outcome.Report.Status.History[0].Type != v1alpha1.HistoryChanged {
		t.Errorf("changes = %+v", outcome.Changes)
	}
}

func TestWhatCouldNotBeJudgedIsNamed(t *testing.T) {
	w := newWorld()
	verdict := judgement.Verdict{Covering: w.covering}
	verdict.Findings = []engine.Finding{high("NET_RAW")}
	for i := range 7 {
		verdict.NotEvaluated = append(verdict.NotEvaluated, engine.NotEvaluated{Check: fmt.Sprintf("check-%d", i), Baseline: "production", Reason: "forbidden"})
	}
	condition := meta.FindStatusCondition(w.judgeAs(verdict).Report.Status.Conditions, "Evaluated")
	if condition.Status != metav1.ConditionUnknown || condition.Reason != "ChecksNotEvaluated" ||
		!strings.Contains(condition.Message, "check check-0 of baseline production: forbidden") ||
		!strings.HasSuffix(condition.Message, "and 2 more.") {
		t.Errorf("condition = %+v", condition)
	}
}

func TestAttributeNamesWhoOpenedAFinding(t *testing.T) {
	w := newWorld()
	w.judge(high("NET_RAW"))
	outcome := w.judge(high("NET_RAW"), high("NET_ADMIN"))
	report.Attribute(outcome, func(*engine.Finding) *v1alpha1.Change { return &v1alpha1.Change{Manager: "kubectl-edit"} })
	findings := outcome.Report.Status.Findings
	if findings[0].LastChange == nil || findings[0].LastChange.Manager != "kubectl-edit" || findings[1].LastChange != nil {
		t.Errorf("last changes = %v and %v, want only the opened finding attributed", findings[0].LastChange, findings[1].LastChange)
	}
	if h := outcome.Report.Status.History; h[0].Manager != "kubectl-edit" || h[1].Manager != "" {
		t.Errorf("history = %+v", h)
	}
	kept := w.judge(high("NET_RAW"), high("NET_ADMIN")).Report.Status.Findings[0]
	if kept.LastChange == nil {
		t.Error("the next look forgot who it was")
	}
}

func TestNamesAreValidAndDiffer(t *testing.T) {
	long := strings.Repeat("a", 239)
	seen := map[string]workload.Ref{}
	for _, ref := range []workload.Ref{
		{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "api"},
		{Group: "apps", Kind: "StatefulSet", Namespace: "shop", Name: "api"},
		{Group: "example.com", Kind: "Deployment", Namespace: "shop", Name: "api"},
		{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: long + ".b"},
		{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: long + ".c"},
	} {
		name := report.Name(ref)
		if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
		if other, taken := seen[name]; taken {
			t.Errorf("%s and %s share the name %s", ref, other, name)
		}
		seen[name] = ref
	}
}
