package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "declared-object",
	Title: "Object that is not as declared",
	Description: "Whoever loosens an object that a team has agreed on undoes what was agreed, be it by a field that no rule speaks of. " +
		"The live object is held against how the baseline declares it, in the form in which the API server stores both. " +
		"What makes it stricter is no drift unless onTightening asks for it, and then of severity Low. " +
		"An object that is missing is drift, too.",
	Remediation: "Put the field back to what is declared, or change what is declared when the change was meant.",
	Severity:    v1alpha1.SeverityHigh,
	Judges:      workload.Any,
	Needs:       []engine.Need{engine.NeedLive},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Declared) > 0
	},
	Run: runDeclaredObject,
})

func runDeclaredObject(in *engine.Input) []engine.Finding {
	switch {
	case in.Pin == nil:
		return nil
	case in.Live != nil:
		return differencesFrom(in)
	case in.Absent == nil: // another target stands for all but its ephemeral containers
		return nil
	}
	missing := in.Pin.Missing()
	return []engine.Finding{{
		Origin: v1alpha1.OriginObject, Path: missing.Path, Value: missing.Value, Expected: missing.Expected, Actual: missing.Actual,
		Message:     in.Ref().String() + " is not there, and baseline " + in.Baseline + " declares it.",
		Remediation: "Create it as it is declared, or declare it no more when it was meant to go.",
	}}
}

func differencesFrom(in *engine.Input) []engine.Finding {
	differences := in.Pin.Differences(in.Live)
	if len(differences) == 0 {
		return nil
	}
	place := placeOf(in)
	findings := make([]engine.Finding, len(differences))
	for i, d := range differences {
		d.Path = or(d.Path, wholePath)
		findings[i] = engine.Finding{
			Origin: place.origin, Container: d.Container, Path: place.under + d.Path, Value: d.Value,
			Expected: or(d.Expected, none), Actual: or(d.Actual, none), Message: place.message(in, d),
			Remediation: putBack(in.Ref(), d.Path) + ", or change what is declared when the change was meant.",
		}
		if !d.Loosening {
			findings[i].Severity = v1alpha1.SeverityLow
		}
	}
	return findings
}

// message says in one sentence what is not as declared.
func (p place) message(in *engine.Input, d pinned.Difference) string {
	who := in.Ref().String()
	if d.Container != "" {
		who = "Container " + d.Container
	}
	field, baseline := p.short(d), " baseline "+in.Baseline+" "
	added, removed := or(d.Expected, none) == none, or(d.Actual, none) == none
	switch {
	case d.Path == wholePath:
		return who + " has " + d.Actual + " from what" + baseline + "declares."
	case field == "" && added:
		return who + " is there, which" + baseline + "does not declare."
	case field == "":
		return who + " is not there, which" + baseline + "declares."
	case added:
		return who + " has " + field + ": " + d.Actual + ", which" + baseline + "does not declare."
	case removed:
		return who + " lacks " + field + ": " + d.Expected + ", which" + baseline + "declares."
	}
	return who + " has " + field + ": " + d.Actual + ", and" + baseline + "declares: " + d.Expected + "."
}
