package checks

import (
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
)

var _ = register(engine.Check{
	ID:    "runtime-class",
	Title: "RuntimeClass not allowed",
	Description: "A RuntimeClass chooses how containers are held apart from their node. Under the default runtime of the node they " +
		"mostly share its kernel, and every flaw in it is a way out for an attacker; a sandbox, such as gVisor or Kata Containers, " +
		"puts a kernel in between. A pod under another class than those the baseline allows may lack that layer.",
	Remediation: "Set runtimeClassName in the pod spec to a RuntimeClass that the baseline allows, or remove it where the baseline " +
		"allows a pod to name none.",
	Severity: v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		nsa("Hardening container environments"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.RuntimeClasses.Allowed) > 0
	},
	Run: runRuntimeClass,
})

func runRuntimeClass(in *engine.Input) []engine.Finding {
	allowed, class := in.Declared.Workloads.RuntimeClasses.Allowed, ""
	if named := in.Workload.Pod.RuntimeClassName; named != nil {
		class = *named
	}
	if mayRunUnder(allowed, class) {
		return nil
	}
	value, actual, does := class, class, "runs under RuntimeClass "+class
	if class == "" {
		value, actual = "unset", unset("the default runtime of the node")
		does = "names no RuntimeClass and runs under the default runtime of its node"
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("runtimeClassName"),
		Value:    value,
		Expected: expectedClasses(allowed),
		Actual:   actual,
		Message:  "The pod " + does + ", which baseline " + in.Baseline + " does not allow.",
	}}
}

// mayRunUnder takes a pattern for a name: that a pod names no class must be allowed by itself, also beside "*".
func mayRunUnder(allowed []string, class string) bool {
	if class == "" {
		return slices.Contains(allowed, "")
	}
	return glob.MatchAny(allowed, class)
}

func expectedClasses(allowed []string) string {
	names := make([]string, 0, len(allowed))
	for _, name := range allowed {
		if name == "" {
			name = "unset"
		}
		names = append(names, name)
	}
	return oneOf(names)
}
