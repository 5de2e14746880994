package baseline

import (
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

// Rules are what a baseline declares itself, or what its Pod Security Standard asks for.
type Rules struct {
	// Checks are those that the rules ask for.
	Checks []engine.Check
	// named are those of them that judge what the baseline declares, or closes a list of, whatever its class.
	named []engine.Check
	// byClass are the others for each class of objects.
	byClass map[workload.Class][]engine.Check
	// Declared is what is asked for. It must not be changed.
	Declared *v1alpha1.SecurityBaselineSpec
	// Reading is how that is to be read.
	Reading podsecurity.Reading
}

// For returns the checks for objects of a class.
func (r *Rules) For(class workload.Class) []engine.Check { return r.byClass[class] }

// Named returns the checks for what the baseline declares, or closes a list of.
func (r *Rules) Named() []engine.Check { return r.named }

// newRules sorts checks by what they judge.
func newRules(checks []engine.Check, declared *v1alpha1.SecurityBaselineSpec, reading podsecurity.Reading) Rules {
	rules := Rules{Checks: checks, byClass: map[workload.Class][]engine.Check{}, Declared: declared, Reading: reading}
	for i := range checks {
		if checks[i].Judges == workload.Any {
			rules.named = append(rules.named, checks[i])
		}
	}
	for class := workload.Pods; class <= workload.Guardrails; class <<= 1 {
		for i := range checks {
			if checks[i].For(class) {
				rules.byClass[class] = append(rules.byClass[class], checks[i])
			}
		}
	}
	return rules
}

// rulesOf returns the rules of a baseline: its own, and those of its standard.
func rulesOf(spec *v1alpha1.SecurityBaselineSpec, checks []engine.Check) ([]Rules, error) {
	own := newRules(asked(checks, spec, nil), spec, podsecurity.Reading{})
	standard := spec.Workloads.PodSecurityStandard
	if standard.Level == "" {
		return []Rules{own}, nil
	}
	expanded, err := podsecurity.Expand(standard.Level, standard.Version)
	if err != nil {
		return nil, err
	}
	level := &v1alpha1.SecurityBaselineSpec{Workloads: expanded.Workloads}
	return []Rules{own, newRules(asked(checks, level, spec.DisabledChecks), level, expanded.Reading)}, nil
}

// asked returns the checks that are declared and not switched off.
func asked(checks []engine.Check, declared *v1alpha1.SecurityBaselineSpec, disabled []v1alpha1.CheckID) []engine.Check {
	var chosen []engine.Check
	for i := range checks {
		if checks[i].Declared(declared) && !slices.Contains(disabled, v1alpha1.CheckID(checks[i].ID)) {
			chosen = append(chosen, checks[i])
		}
	}
	return chosen
}

func severitiesOf(spec *v1alpha1.SecurityBaselineSpec) map[string]v1alpha1.Severity {
	severities := make(map[string]v1alpha1.Severity, len(spec.Severities))
	for _, override := range spec.Severities {
		severities[string(override.Check)] = override.Severity
	}
	return severities
}
