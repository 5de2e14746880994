package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "undeclared-object",
	Title: "Object that nobody declared",
	Description: "Where all objects of a kind are known, one more was made past whoever agrees on them: a binding that gives somebody " +
		"permissions, a workload that nobody reviewed. Of the kinds whose list a baseline closes, nothing may exist that it does not " +
		"declare. A Role, a ClusterRole, a ServiceAccount or a Namespace gives nobody anything by itself: findings on them are of " +
		"severity Medium.",
	Remediation: "Remove the object, declare it, or let the inventory ignore it.",
	Severity:    v1alpha1.SeverityHigh,
	Judges:      workload.Any,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Inventory) > 0
	},
	Run: runUndeclaredObject,
})

func runUndeclaredObject(in *engine.Input) []engine.Finding {
	if !in.Closed || in.Pin != nil {
		return nil
	}
	ref := in.Ref()
	finding := engine.Finding{
		Origin: v1alpha1.OriginObject, Path: wholePath, Value: ref.Name, Expected: "declared", Actual: "not declared",
		Message: ref.String() + " exists, and baseline " + in.Baseline + " does not declare it.",
	}
	class, _ := workload.ClassOf(ref.GroupKind())
	switch class {
	case workload.Roles, workload.Subjects:
		finding.Severity = v1alpha1.SeverityMedium
	case workload.Namespaces: // removing one removes all that is in it: no hint how
		finding.Severity = v1alpha1.SeverityMedium
		return []engine.Finding{finding}
	}
	finding.Remediation = "Remove it" + by("delete", ref) + ", declare it, or let the inventory ignore it."
	return []engine.Finding{finding}
}
