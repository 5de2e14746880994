package engine

import (
	"fmt"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Evaluate makes every check that the baseline declares. A check that needs a fact that could not be read, or that
// panics, is listed as not evaluated. One that needs a fact of which only a part is known is made, and listed too.
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
		if some := partly(check, in); some != "" {
			r.miss(check, in, some)
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

// partly says which fact a check needs and has in part; empty when it has all.
func partly(check *Check, in *Input) string {
	if len(in.Partial) == 0 {
		return ""
	}
	for _, need := range check.Needs {
		if why, part := in.Partial[need]; part {
			return fmt.Sprintf("cannot read all of %s: %s", need, why)
		}
	}
	return ""
}

// stamp fills in what no check should have to, and bounds what comes from the judged object.
func stamp(f *Finding, check *Check, in *Input) {
	f.Check, f.Baseline = check.ID, in.Baseline
	if f.Severity == "" || Rank(f.Severity) < Rank(check.Severity) { // a check may say that a finding is less bad than its others
		f.Severity = check.Severity
	}
	if severity, set := in.Severities[check.ID]; set {
		f.Severity = severity
	}
	if f.Remediation == "" {
		f.Remediation = check.Remediation
	}
	if f.Origin == "" {
		f.Origin = originOf(in)
	}
	f.Container = clean(f.Container, maxName)
	f.Path = clean(f.Path, maxPath)
	f.Value = clean(f.Value, maxName)
	f.Expected = clean(f.Expected, maxText)
	f.Actual = clean(f.Actual, maxText)
	f.Message = clean(f.Message, maxText)
	f.Remediation = clean(f.Remediation, maxText)
}

// originOf says where a value was seen that a check says nothing of.
func originOf(in *Input) v1alpha1.Origin {
	switch {
	case in.Subject != nil:
		return v1alpha1.OriginPermissions
	case in.Role != nil || in.Binding != nil || in.Policy != nil || in.Namespace != nil || in.Guardrail != nil || in.Absent != nil:
		return v1alpha1.OriginObject
	}
	return v1alpha1.OriginTemplate
}
