package checks

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "running-pod",
	Title: "Running pod weaker than its template",
	Description: "What a template says is not always what runs: a webhook may have changed the pods or put a container into them, " +
		"somebody may have changed one where it runs, a pod may be of an older revision, or name a controller that did not make it. " +
		"Whoever reads the template takes such pods for stricter than they are. Each running pod whose spec is not what its " +
		"controller's template says is held against all else that the baseline declares for workloads and for RBAC; what is found " +
		"in pods and not in the template is reported on the top controller, with the number of pods and the severity of what was " +
		"found. Ephemeral containers are left to the other checks, which report them on the pod itself. What NetworkPolicies make of " +
		"the labels of a pod is not compared. Pods that have finished or are being deleted do not count, and what has differed for " +
		"less than three seconds is waited for. Of the pods of one controller eight different sorts are looked at.",
	Remediation: "Find out what made the pod another than its template (a mutating webhook, a change of the pod where it runs, an older " +
		"revision, a false controller in metadata.ownerReferences), then delete the pod, so that its controller makes a new one.",
	Severity: v1alpha1.SeverityCritical,
	Judges:   workload.Pods,
	Needs:    []engine.Need{engine.NeedRunningPods},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.RunningPods == v1alpha1.RuleMatchTemplate
	},
	Run: runRunningPod,
})

// runRunningPod makes one finding of each weakness, so that an exception for one waives no other.
func runRunningPod(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for i := range in.Weaker {
		w := &in.Weaker[i]
		findings = append(findings, engine.Finding{
			Severity:  w.Finding.Severity,
			Container: w.Finding.Container,
			Path:      w.Finding.Path,
			Value:     w.Finding.Check + ": " + w.Finding.Value,
			Expected:  w.Finding.Expected,
			Actual:    w.Finding.Actual,
			Message:   whichPods(w) + ": " + inSentence(w.Finding.Message),
			Origin:    v1alpha1.OriginRunningPods,
			Pods:      w.Pods,
		})
	}
	return findings
}

func whichPods(w *engine.Weaker) string {
	if w.Pods == 1 {
		return "Running pod " + w.Pod + " is weaker than its template"
	}
	return strconv.Itoa(int(w.Pods)) + " running pods, such as " + w.Pod + ", are weaker than their template"
}

// inSentence makes the beginning of a sentence the middle of one, unless its first word is a name or an abbreviation.
func inSentence(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	if second, _ := utf8.DecodeRuneInString(sentence[size:]); !unicode.IsLower(second) {
		return sentence
	}
	return string(unicode.ToLower(first)) + sentence[size:]
}
