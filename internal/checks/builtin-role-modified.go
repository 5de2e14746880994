package checks

import (
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "builtin-role-modified",
	Title: "Changed role or binding of Kubernetes",
	Description: "Nobody looks twice at a role or a binding that Kubernetes makes itself, so that it is a good place to hide a permission: the API " +
		"server adds what is missing when it starts, and takes nothing away. They are known by what they allow, in the last six minor " +
		"versions. What was taken away is found with a lower severity: it may be meant, and may break what relies on it.",
	Remediation: "Take out what was added, and put back what was taken away; where a cluster of the same version has the object as it should be, " +
		"kubectl auth reconcile --remove-extra-permissions --remove-extra-subjects does both with its manifest.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{nsa("Role-based access control")},
	Judges:   workload.Roles | workload.Bindings,
	Needs:    []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.BuiltinRoles == v1alpha1.RuleUnmodified
	},
	Run: runBuiltinRoleModified,
})

func runBuiltinRoleModified(in *engine.Input) []engine.Finding {
	if role := in.Role; role != nil {
		if role.Standing != builtin.Modified {
			return nil
		}
		return []engine.Finding{modified(in, "rules", role.Modified, steps(role))}
	}
	b := in.Binding
	if b.Standing != builtin.Modified {
		return nil
	}
	path := subjectsPath
	if strings.HasPrefix(b.Modified, "grants ") && !strings.HasPrefix(b.Modified, "grants in addition") {
		path = "roleRef"
	}
	return []engine.Finding{modified(in, path, b.Modified, stepsWithin(b.Namespace()))}
}

// modified is the finding of what was changed, in words that begin like "may in addition". What they end with, the version
// that they compare with, is no part of what a finding is told by.
func modified(in *engine.Input, path, words string, less int) engine.Finding {
	value := words
	if end := strings.LastIndex(words, " (compared with "); end >= 0 {
		value = words[:end]
	}
	if !strings.Contains(words, "in addition") && !strings.Contains(words, "instead of") { // nothing was gained
		less += 2
	}
	return engine.Finding{
		Path: path, Value: value, Expected: "as Kubernetes makes it", Actual: words,
		Severity: lower(v1alpha1.SeverityHigh, less),
		Message:  in.Ref().String() + " is not as Kubernetes makes it, which baseline " + in.Baseline + " forbids: it " + words + ".",
	}
}
