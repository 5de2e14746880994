package checks

import (
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/guardrail"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "weakened-guardrail",
	Title: "Admission that was weakened",
	Description: "Who wants something into the cluster that admission refuses turns its failurePolicy to Ignore and waits until it cannot be " +
		"asked, takes Deny out of a binding, or lets a selector leave out his namespace. Many policies and webhooks are so by design: what " +
		"is found is that one came to be so while the operator watched, until it is put back. That one is deleted meanwhile is told by an " +
		"Event GuardrailDeleted on the baseline. To have it found whenever it is so or is missing, declare the object.",
	Remediation: "Put the field back to what it was, or, when the change was meant, declare the object as it is to be.",
	Severity:    v1alpha1.SeverityHigh,
	Judges:      workload.Guardrails,
	Needs:       []engine.Need{engine.NeedNamespace, engine.NeedBefore},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Guardrails == v1alpha1.RuleWatch
	},
	Run: runWeakenedGuardrail,
})

func runWeakenedGuardrail(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	gained := guardrail.Set(in.Guardrail.Gained)
	for _, weakness := range in.Guardrail.Weak {
		if weakness.Namespace != "" && !in.InScope(weakness.Namespace) {
			continue
		}
		if _, is := gained[weakness]; !is && !foundBefore(in, weakness) {
			continue
		}
		if len(findings) == maxFound {
			break
		}
		findings = append(findings, weakened(in, weakness))
	}
	return findings
}

// foundBefore says whether the last report has the weakness: it stands until it is put back.
func foundBefore(in *engine.Input, weakness guardrail.Weakness) bool {
	return slices.ContainsFunc(in.Last, func(f engine.Finding) bool {
		return f.Check == "weakened-guardrail" && f.Baseline == in.Baseline && f.Path == weakness.Path && f.Value == weakness.Value
	})
}

func weakened(in *engine.Input, weakness guardrail.Weakness) engine.Finding {
	f := engine.Finding{Path: weakness.Path, Value: weakness.Value, Actual: weakness.Value}
	what := in.Guardrail.Ref.String()
	switch {
	case weakness.Namespace != "":
		f.Expected = "every namespace that the baseline covers"
		f.Actual = "leaves out namespace " + weakness.Namespace
		f.Message = what + " came to leave out namespace " + weakness.Namespace
	case weakness.Value == guardrail.NoDeny:
		f.Expected = "Deny"
		f.Message = what + " no longer denies what its policy finds"
	default:
		f.Expected = "Fail"
		f.Message = what + " came to let through what it cannot judge, as " + weakness.Path + " is Ignore"
	}
	f.Message += ", and baseline " + in.Baseline + " watches over it."
	return f
}
