package engine

import (
	"fmt"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Evaluate makes every check that the baseline declares. A check that needs a fact that could not be read, or that
// panics, is listed as not evaluated.
func Evaluate(checks []Check, in *Input) Result {
	var result Result
	for i := range checks {
		if !checks[i].Declared(in.Declared) || in.Disabled[checks[i].ID] {
			continue
		}
		findings, reason := run(&checks[i], in)
		if reason != "" {
			result.NotEvaluated = append(result.NotEvaluated, NotEvaluated{checks[i].ID, in.Baseline, reason})
		}
		for j := range findings {
			stamp(&findings[j], &checks[i], in)
		}
		if len(findings) > 0 {
			result.Findings = append(result.Findings, findings...)
		}
	}
	result.Findings = Sort(result.Findings)
	return result
}

// run makes one check, and says why when it could not.
func run(check *Check, in *Input) (findings []Finding, reason string) {
	for _, need := range check.Needs {
		if why, missing := in.Unreadable[need]; missing {
			return nil, fmt.Sprintf("cannot read %s: %s", need, why)
		}
	}
	// A check that trips over an object nobody thought of must neither stop the others nor count as passed.
	defer func() {
		if p := recover(); p != nil {
			findings, reason = nil, clean(fmt.Sprintf("the check failed, please report this as a bug: %v", p), maxText)
		}
	}()
	return check.Run(in), ""
}

// stamp fills in what no check should have to, and bounds what comes from the judged object.
func stamp(f *Finding, check *Check, in *Input) {
	f.Check, f.Baseline, f.Severity = check.ID, in.Baseline, check.Severity
	if severity, set := in.Severities[check.ID]; set {
		f.Severity = severity
	}
	if f.Remediation == "" {
		f.Remediation = check.Remediation
	}
	if f.Origin == "" {
		f.Origin = v1alpha1.OriginTemplate
	}
	f.Container = clean(f.Container, maxName)
	f.Path = clean(f.Path, maxPath)
	f.Value = clean(f.Value, maxName)
	f.Expected = clean(f.Expected, maxText)
	f.Actual = clean(f.Actual, maxText)
	f.Message = clean(f.Message, maxText)
	f.Remediation = clean(f.Remediation, maxText)
}
