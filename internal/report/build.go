package report

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// ManagedByLabel and ManagedBy mark the reports that the operator made.
const (
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedBy      = "plumbline"
)

// Input is what a report is made from.
type Input struct {
	// Target is the object the report speaks of, and Generation its generation.
	Target     v1alpha1.TargetReference
	Generation int64
	// Operator is the operator's own namespace, where the reports of targets are that belong to no namespace.
	Operator string
	// Homeless says that the target is declared in a namespace that is not there.
	Homeless bool
	// Last is the report as it is, nil when there is none.
	Last *v1alpha1.DriftReport
	// Verdict is what the baselines say now.
	Verdict judgement.Verdict
	// Granted are the baselines of which it is known that what their findings say somebody holds came or went with what is granted,
	// and not with what the baseline asks for, or whom it covers.
	Granted []string
	// Now is the time.
	Now time.Time
}

// Outcome is the report as it should be.
type Outcome struct {
	// Report is nil when there should be none.
	Report *v1alpha1.DriftReport
	// Changes are what happened to the findings since the last report, as it is told: see byVerbs.
	Changes engine.Changes
	// Turns is when the passing of time alone changes the outcome: a resolved report is to go, an exception begins or ends.
	// Zero when nothing of the sort lies ahead.
	Turns time.Time
	// Granted are the baselines whose findings on what somebody holds tell what was gained and lost: see Input.
	Granted []string
	// Why says of findings that opened why they did, where only whoever watched knows it.
	Why map[engine.Identity]string
	// Again says that who changed what appeared earlier could not be read then, and is to be asked for again.
	Again bool
	// Uncovered says that there is no report because no baseline covers the target any more.
	Uncovered bool
}

// Build makes the report of a target.
func Build(in Input) Outcome {
	lastFindings := findingsOf(in.Last)
	if len(in.Verdict.Findings) == 0 && (in.Last == nil || len(in.Verdict.Covering) == 0 || !in.Now.Before(expiry(in))) {
		return Outcome{Changes: engine.Diff(lastFindings, nil), Granted: in.Granted, Uncovered: len(in.Verdict.Covering) == 0}
	}
	if in.Last != nil && frozen(in) {
		return Outcome{Report: in.Last, Turns: expires(in.Last, in.Verdict.Covering)}
	}
	listed := limit(in.Verdict.Findings)
	changes, narrowed := byVerbs(diff(in.Last, in.Verdict.Findings), in.Verdict.Findings)
	next := skeleton(in)
	status := &next.Status
	status.Findings = carryOver(listed, lastFindings, changes.Appeared(), in.Now)
	inherit(status.Findings, narrowed)
	status.Summary = summarize(in.Verdict.Findings, len(listed))
	status.History = history(status.History, changes, &in)
	setState(status, in)
	setConditions(status, in)

	outcome := Outcome{Report: next, Changes: changes, Granted: in.Granted, Turns: in.Verdict.Turns}
	if len(in.Verdict.Findings) == 0 {
		outcome.Turns = expires(next, in.Verdict.Covering)
	}
	if in.Last == nil || !equality.Semantic.DeepEqual(in.Last.Status, next.Status) {
		status.TargetGeneration = in.Generation
	}
	return outcome
}

// skeleton returns the last report as it is, or a new one without findings.
func skeleton(in Input) *v1alpha1.DriftReport {
	if in.Last != nil {
		next := in.Last.DeepCopy()
		next.Labels = withManagedBy(next.Labels)
		target := in.Target
		target.UID = in.Last.Spec.Target.UID // what was made for a missing object does not go with the one that came back
		next.OwnerReferences = owners(target)
		return next
	}
	key := Key(RefOf(in.Target), in.Operator)
	if in.Homeless {
		key = HomelessKey(RefOf(in.Target), in.Operator)
	}
	return &v1alpha1.DriftReport{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "DriftReport"},
		ObjectMeta: metav1.ObjectMeta{
			Name: key.Name, Namespace: key.Namespace,
			Labels:          withManagedBy(nil),
			OwnerReferences: owners(in.Target),
		},
		Spec: v1alpha1.DriftReportSpec{Target: in.Target},
	}
}

func withManagedBy(labels map[string]string) map[string]string {
	if labels == nil {
		labels = map[string]string{}
	}
	labels[ManagedByLabel] = ManagedBy
	return labels
}

// owners lets the report go with its target, without keeping the target from going. A user, a group and what is missing are no
// objects that anything could go with.
func owners(target v1alpha1.TargetReference) []metav1.OwnerReference {
	if target.UID == "" {
		return nil
	}
	no := false
	return []metav1.OwnerReference{{
		APIVersion: target.APIVersion, Kind: target.Kind, Name: target.Name, UID: target.UID,
		Controller: &no, BlockOwnerDeletion: &no,
	}}
}

// RefOf returns the identity of a target.
func RefOf(target v1alpha1.TargetReference) workload.Ref {
	return workload.RefTo(metav1.OwnerReference{
		APIVersion: target.APIVersion, Kind: target.Kind, Name: target.Name,
	}, target.Namespace)
}

func findingsOf(report *v1alpha1.DriftReport) []engine.Finding {
	if report == nil {
		return nil
	}
	return report.Status.Findings
}

func setState(status *v1alpha1.DriftReportStatus, in Input) {
	now := metav1.NewTime(in.Now.Truncate(time.Second)) // the precision in which the API keeps times
	findings := in.Verdict.Findings
	if len(findings) == 0 {
		if status.State != v1alpha1.StateResolved || status.ResolvedAt == nil {
			status.ResolvedAt = &now
		}
		status.State, status.Severity = v1alpha1.StateResolved, ""
		return
	}
	status.ResolvedAt, status.Baselines = nil, baselinesOf(findings)
	if !engine.Open(&findings[0]) { // open ones come first
		status.State, status.Severity, status.FirstDetected = v1alpha1.StateWaived, "", nil
		return
	}
	if status.State != v1alpha1.StateDrifted || status.FirstDetected == nil {
		status.FirstDetected = &now
	}
	status.State, status.Severity = v1alpha1.StateDrifted, findings[0].Severity
}

func baselinesOf(findings []engine.Finding) []string {
	var names []string
	for i := range findings {
		names = append(names, findings[i].Baseline)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// frozen says whether nothing of the last report can be judged now, so that it stays to the letter, also where its
// list of findings was cut.
func frozen(in Input) bool {
	for _, b := range in.Verdict.Covering {
		if b.Frozen == "" {
			return false
		}
	}
	for _, name := range in.Last.Status.Baselines {
		if !slices.ContainsFunc(in.Verdict.Covering, func(b *baseline.Baseline) bool { return b.Name == name }) {
			return false
		}
	}
	return true
}

// expiry returns when a report without open findings is to go: one that is resolved only now, from now on.
func expiry(in Input) time.Time {
	if at := expires(in.Last, in.Verdict.Covering); !at.IsZero() {
		return at
	}
	return in.Now.Add(retention(in.Verdict.Covering))
}

// expires returns when a resolved report is to go, and the zero time for others.
func expires(report *v1alpha1.DriftReport, covering []*baseline.Baseline) time.Time {
	if report.Status.State != v1alpha1.StateResolved || report.Status.ResolvedAt == nil {
		return time.Time{}
	}
	return report.Status.ResolvedAt.Add(retention(covering))
}

// retention is the longest that a covering baseline asks for.
func retention(covering []*baseline.Baseline) time.Duration {
	var longest time.Duration
	for _, b := range covering {
		longest = max(longest, b.Retention)
	}
	return longest
}
