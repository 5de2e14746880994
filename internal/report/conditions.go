package report

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// maxNamed is how many of the checks that could not be made a condition names.
const maxNamed = 5

func setConditions(status *v1alpha1.DriftReportStatus, in Input) {
	drifted := metav1.Condition{
		Type: v1alpha1.ConditionDrifted, Status: metav1.ConditionFalse,
		Reason: v1alpha1.ReasonAllResolved, Message: "All findings are resolved.",
	}
	if n := status.Summary.Waived; n > 0 {
		drifted.Reason = v1alpha1.ReasonAllWaived
		drifted.Message = fmt.Sprintf("%s waived, and none is open.", Plural(int(n), "finding is", "findings are"))
	}
	if n := status.Summary.Findings; n > 0 {
		drifted.Status, drifted.Reason = metav1.ConditionTrue, v1alpha1.ReasonFindingsOpen
		drifted.Message = fmt.Sprintf("%s open.", Plural(int(n), "finding is", "findings are"))
	}
	evaluated := metav1.Condition{
		Type: v1alpha1.ConditionEvaluated, Status: metav1.ConditionTrue,
		Reason: v1alpha1.ReasonAllChecksEvaluated, Message: "Every check of every covering baseline was made.",
	}
	if len(in.Verdict.NotEvaluated) > 0 {
		evaluated.Status, evaluated.Reason = metav1.ConditionUnknown, v1alpha1.ReasonChecksNotEvaluated
		evaluated.Message = notEvaluated(in.Verdict.NotEvaluated)
	}
	for _, condition := range []metav1.Condition{drifted, evaluated} {
		condition.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		meta.SetStatusCondition(&status.Conditions, condition)
	}
}

func notEvaluated(list []engine.NotEvaluated) string {
	var named []string
	for _, n := range list[:min(len(list), maxNamed)] {
		what := "baseline " + n.Baseline
		if n.Check != "" {
			what = "check " + n.Check + " of " + what
		}
		named = append(named, what+": "+n.Reason)
	}
	text := "Not evaluated: " + strings.Join(named, "; ")
	if more := len(list) - maxNamed; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text + "."
}

// Plural returns a number with the word that fits it.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
