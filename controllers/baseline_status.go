package controllers

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/report"
)

// statusView is all that the status of a baseline is made from.
type statusView struct {
	baseline   *baseline.Baseline
	left       int // targets of this generation still to be judged
	tally      tally
	unreadable []UnreadableKind
	now        time.Time
}

// apply changes the status to what it should be. It returns false when there is nothing to say yet: a pass over a
// generation that was judged before, after a restart, leaves the status as it is until it is complete.
func (v statusView) apply(status *v1alpha1.SecurityBaselineStatus) bool {
	observed := status.ObservedGeneration == v.baseline.Generation
	switch {
	case v.baseline.Invalid():
		v.invalid(status)
	case v.baseline.Frozen != "":
		v.suspended(status)
	case v.left == 0:
		v.evaluated(status)
	case observed && meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady):
		return false
	default:
		v.evaluating(status)
	}
	status.ObservedGeneration = v.baseline.Generation
	return true
}

func (v statusView) invalid(status *v1alpha1.SecurityBaselineStatus) {
	const reason = v1alpha1.ReasonInvalidBaseline
	message := v.baseline.Frozen
	v.set(status, v1alpha1.ConditionReady, metav1.ConditionFalse, reason, message)
	v.set(status, v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
	v.set(status, v1alpha1.ConditionEvaluationComplete, metav1.ConditionFalse, reason,
		"Nothing is judged; reports stay as the last valid generation left them.")
	v.set(status, v1alpha1.ConditionCompliant, metav1.ConditionUnknown, reason, "The baseline is invalid.")
	v.set(status, v1alpha1.ConditionExceptionsHealthy, metav1.ConditionUnknown, reason, "The baseline is invalid.")
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
}

func (v statusView) suspended(status *v1alpha1.SecurityBaselineStatus) {
	const reason = v1alpha1.ReasonSuspended
	v.set(status, v1alpha1.ConditionReady, metav1.ConditionTrue, reason, v.baseline.Frozen)
	v.set(status, v1alpha1.ConditionEvaluationComplete, metav1.ConditionFalse, reason, "The baseline is suspended.")
	v.set(status, v1alpha1.ConditionCompliant, metav1.ConditionUnknown, reason, "The baseline is suspended.")
	v.set(status, v1alpha1.ConditionExceptionsHealthy, metav1.ConditionUnknown, reason, "The baseline is suspended.")
	v.settle(status)
}

func (v statusView) evaluating(status *v1alpha1.SecurityBaselineStatus) {
	const reason = v1alpha1.ReasonEvaluating
	message := fmt.Sprintf("Generation %d is being judged.", v.baseline.Generation)
	v.set(status, v1alpha1.ConditionReady, metav1.ConditionUnknown, reason, message)
	v.set(status, v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
	v.set(status, v1alpha1.ConditionCompliant, metav1.ConditionUnknown, reason, message)
	v.set(status, v1alpha1.ConditionEvaluationComplete, metav1.ConditionUnknown, reason, message)
	v.set(status, v1alpha1.ConditionExceptionsHealthy, metav1.ConditionUnknown, reason, message)
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStalled)
}

func (v statusView) evaluated(status *v1alpha1.SecurityBaselineStatus) {
	summary := v.tally.BaselineSummary
	status.Summary = &summary
	v.set(status, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonEvaluated, "Every object in scope is judged.")
	switch {
	case summary.Drifted > 0:
		v.set(status, v1alpha1.ConditionCompliant, metav1.ConditionFalse, v1alpha1.ReasonDriftFound,
			fmt.Sprintf("%d of %s drifted: see kubectl get driftreports -A.", summary.Drifted,
				report.Plural(int(summary.Objects), "object has", "objects have")))
	case v.incomplete():
		v.set(status, v1alpha1.ConditionCompliant, metav1.ConditionUnknown, v1alpha1.ReasonEvaluationIncomplete,
			"Nothing that could be judged has drifted, but not everything could be judged: see EvaluationComplete.")
	default:
		v.set(status, v1alpha1.ConditionCompliant, metav1.ConditionTrue, v1alpha1.ReasonNoDrift,
			fmt.Sprintf("None of %s drifted%s.", report.Plural(int(summary.Objects), "object has", "objects has"), waived(summary.Waived)))
	}
	v.completeness(status)
	v.exceptions(status)
	v.settle(status)
}

// waived says how many findings are waived, if any.
func waived(n int32) string {
	if n == 0 {
		return ""
	}
	return "; " + report.Plural(int(n), "finding is", "findings are") + " waived"
}

// incomplete says whether something in scope could not be seen.
func (v statusView) incomplete() bool { return len(v.unreadable) > 0 || v.tally.notEvaluated > 0 }

// completeness says what could not be seen.
func (v statusView) completeness(status *v1alpha1.SecurityBaselineStatus) {
	condition, reason := metav1.ConditionFalse, ""
	var messages []string
	add := func(why, message string) {
		if reason == "" {
			reason = why
		}
		messages = append(messages, message)
	}
	for _, kind := range v.unreadable {
		add(v1alpha1.ReasonKindsUnreadable, fmt.Sprintf("%s: %s", kind.Kind, kind.Reason))
	}
	if n := v.tally.notEvaluated; n > 0 {
		add(v1alpha1.ReasonObjectsNotEvaluated,
			fmt.Sprintf("%s not judged entirely: %s", report.Plural(n, "object was", "objects were"), v.tally.reason))
	}
	if n := v.tally.unreported; n > 0 {
		add(v1alpha1.ReasonReportsTruncated, fmt.Sprintf("%s no DriftReport: the ceiling of --max-reports is reached",
			report.Plural(n, "drifted object has", "drifted objects have")))
	}
	message := strings.Join(messages, "; ") + "."
	if len(messages) == 0 {
		condition, reason, message = metav1.ConditionTrue, v1alpha1.ReasonAllKindsReadable, "Every kind in scope can be read, and every object in it was judged."
	}
	v.set(status, v1alpha1.ConditionEvaluationComplete, condition, reason, message)
}

// settle takes away the conditions that are there only while they are true.
func (v statusView) settle(status *v1alpha1.SecurityBaselineStatus) {
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStalled)
}

func (v statusView) set(status *v1alpha1.SecurityBaselineStatus, kind string, value metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: kind, Status: value, Reason: reason, Message: message,
		ObservedGeneration: v.baseline.Generation,
		LastTransitionTime: metav1.NewTime(v.now.Truncate(time.Second)),
	})
}

// conditionOf returns a condition, and an empty one when there is none.
func conditionOf(sb *v1alpha1.SecurityBaseline, kind string) metav1.Condition {
	if condition := meta.FindStatusCondition(sb.Status.Conditions, kind); condition != nil {
		return *condition
	}
	return metav1.Condition{}
}
