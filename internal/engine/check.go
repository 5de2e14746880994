// Package engine judges: it runs checks on what it is given and says what they found. It is pure. It reads no
// clock, no cluster and no configuration, and it never changes what it is given.
package engine

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

// Finding is what a check reports. A check fills in what it saw (Container, Path, Value, Expected, Actual, Message,
// and Remediation where the check's own is too general); the engine stamps the rest.
type Finding = v1alpha1.Finding

// Check is one rule: its documentation, and a pure function that applies it.
type Check struct {
	// ID is the name of the check everywhere: in findings, metrics, docs and file names. Kebab-case, never reused.
	ID string
	// Title says in a few words what the check finds.
	Title string
	// Description says what an attacker gains from what the check finds.
	Description string
	// Remediation says what to do about a finding. It ends in a period.
	Remediation string
	// Severity of every finding of the check.
	Severity v1alpha1.Severity
	// Controls are the rules of published standards that the check answers to.
	Controls []Control
	// Needs are the facts beyond the target that the check looks at. If one could not be read, the check is not run.
	Needs []Need
	// Declared says whether a baseline asks for the check.
	Declared func(*v1alpha1.SecurityBaselineSpec) bool
	// Run applies the check. It must not change the input, and returns nil when there is nothing to find.
	Run func(*Input) []Finding
}

// IDs returns the IDs of checks.
func IDs(checks []Check) []string {
	ids := make([]string, len(checks))
	for i := range checks {
		ids[i] = checks[i].ID
	}
	return ids
}

// Control is a rule of a published standard, by its text and version: numbers move between versions.
type Control struct {
	// Standard is the name and version of the standard.
	Standard string
	// Rule is the number, where it has one, and the text of the rule.
	Rule string
}

// Need is a fact beyond the target.
type Need string

// NeedServiceAccount is the ServiceAccount that the pods of the target run as.
const NeedServiceAccount Need = "ServiceAccount"

// ServiceAccount is what is judged of the ServiceAccount of a workload.
type ServiceAccount struct {
	// Automount is its automountServiceAccountToken; nil when it is not set, and when there is no such ServiceAccount: no
	// pod starts without one, so that a new one, which sets nothing, is what pods will run as.
	Automount *bool
}

// Input is what a check sees: one workload, and one baseline that covers it.
type Input struct {
	// Workload is the object to judge.
	Workload workload.Workload
	// Baseline is the name of the baseline, and Declared what it declares, by itself or through a Pod Security Standard.
	Baseline string
	Declared *v1alpha1.SecurityBaselineSpec
	// Reading is how what is declared is to be read.
	Reading podsecurity.Reading
	// Severities are the severities of findings by check, where the baseline sets another than the check's own.
	Severities map[string]v1alpha1.Severity
	// ServiceAccount is what is known under NeedServiceAccount.
	ServiceAccount ServiceAccount
	// Unreadable says of facts that could not be read, why.
	Unreadable map[Need]string
}

// Result is what an evaluation found.
type Result struct {
	// Findings, in the order of Sort, each once.
	Findings []Finding
	// NotEvaluated are the checks that could not be made. They have not passed.
	NotEvaluated []NotEvaluated
}

// NotEvaluated is a check that could not be made. Check is empty when the whole baseline could not be judged.
type NotEvaluated struct {
	Check, Baseline, Reason string
}
