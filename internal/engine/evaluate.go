package engine

import (
	"fmt"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Evaluate makes every check that the baseline declares. A check that needs a fact that could not be read, or that
// panics, is listed as not evaluated.
func Evaluate(checks []Check, in *Input) Result {
	var result Result
	for next := 0; next < len(checks); {
		next = result.run(checks, next, in)
	}
	result.Findings = Sort(result.Findings)
	return result
}

// run makes the checks from one on, and returns with which to go on: the next after one that panicked. A check that trips
// over an object nobody thought of must neither stop the others nor count as passed.
func (r *Result) run(checks []Check, from int, in *Input) (next int) {
	i := from
	defer func() {
		if p := recover(); p != nil {
			r.miss(&checks[i], in, clean(fmt.Sprintf("the check failed, please report this as a bug: %v", p), maxText))
			next = i + 1
		}
	}()
	for ; i < len(checks); i++ {
		check := &checks[i]
		if !check.Declared(in.Declared) {
			continue
		}
		if blind := blindness(check, in); blind != "" {
			r.miss(check, in, blind)
			continue
		}
		if findings := check.Run(in); len(findings) > 0 {
			for j := range findings {
				stamp(&findings[j], check, in)
			}
			r.Findings = append(r.Findings, findings...)
		}
	}
	return i
}

// miss lists a check as not evaluated.
func (r *Result) miss(check *Check, in *Input, reason string) {
	r.NotEvaluated = append(r.NotEvaluated, NotEvaluated{check.ID, in.Baseline, reason})
}

// blindness says which fact a check needs and does not have; empty when it has all.
func blindness(check *Check, in *Input) string {
	for _, need := range check.Needs {
		if why, missing := in.Unreadable[need]; missing {
			return fmt.Sprintf("cannot read %s: %s", need, why)
		}
	}
	return ""
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
