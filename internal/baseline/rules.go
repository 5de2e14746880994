package baseline

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/podsecurity"
)

// Rules are what the checks of a baseline go by: what it declares itself, or what its Pod Security Standard asks for.
type Rules struct {
	// Declared is what is asked for. It must not be changed.
	Declared *v1alpha1.SecurityBaselineSpec
	// Reading is how that is to be read.
	Reading podsecurity.Reading
	// Disabled are the checks that are not made by these rules.
	Disabled map[string]bool
}

// rulesOf returns the rules of a baseline: its own, and those of its standard.
func rulesOf(spec *v1alpha1.SecurityBaselineSpec) ([]Rules, error) {
	own := Rules{Declared: spec}
	standard := spec.Workloads.PodSecurityStandard
	if standard.Level == "" {
		return []Rules{own}, nil
	}
	expanded, err := podsecurity.Expand(standard.Level, standard.Version)
	if err != nil {
		return nil, err
	}
	disabled := make(map[string]bool, len(spec.DisabledChecks))
	for _, check := range spec.DisabledChecks {
		disabled[string(check)] = true
	}
	return []Rules{own, {
		Declared: &v1alpha1.SecurityBaselineSpec{Workloads: expanded.Workloads},
		Reading:  expanded.Reading,
		Disabled: disabled,
	}}, nil
}

func severitiesOf(spec *v1alpha1.SecurityBaselineSpec) map[string]v1alpha1.Severity {
	severities := make(map[string]v1alpha1.Severity, len(spec.Severities))
	for _, override := range spec.Severities {
		severities[string(override.Check)] = override.Severity
	}
	return severities
}
