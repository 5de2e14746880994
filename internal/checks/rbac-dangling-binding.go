package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "rbac-dangling-binding",
	Title: "Binding of what does not exist",
	Description: "A binding outlives the role and the ServiceAccounts that it names. Whoever makes a ServiceAccount of that name, by chance or " +
		"because he knows of the binding, has what it grants, though nobody granted it to him. A role that is made under the name is " +
		"granted at once to all whom the binding names.",
	Remediation: "Remove the binding, or take what does not exist out of it.",
	Severity:    v1alpha1.SeverityMedium,
	Controls:    []engine.Control{nsa("Role-based access control")},
	Judges:      workload.Bindings,
	Needs:       []engine.Need{engine.NeedRBAC, engine.NeedServiceAccounts},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.DanglingBindings == v1alpha1.RuleForbidden
	},
	Run: runRBACDanglingBinding,
})

// runRBACDanglingBinding does not find subjects that RBAC never matches, such as one without a name: nobody can take up what
// they are granted, and the API server refuses them.
func runRBACDanglingBinding(in *engine.Input) []engine.Finding {
	b := in.Binding
	if b.Standing == builtin.Known {
		return nil
	}
	var findings []engine.Finding
	if b.Grants == nil {
		findings = append(findings, dangling(in, "roleRef", b.Role.String()))
	}
	names, more := missingIn(b)
	for _, name := range names {
		findings = append(findings, dangling(in, subjectsPath, name))
	}
	if more {
		f := dangling(in, subjectsPath, furtherOnes)
		f.Actual = moreThanShown
		f.Message = b.Ref.String() + " names more ServiceAccounts that do not exist than are shown; baseline " + in.Baseline + " forbids it."
		findings = append(findings, f)
	}
	return findings
}

// missingIn leaves out whom Kubernetes itself makes the binding name: its controllers come with its versions and features.
func missingIn(b *engine.Binding) (names []string, more bool) {
	for _, subject := range b.Missing {
		if !builtin.Names(b.Binding, subject) {
			names = append(names, subject.String())
		}
	}
	return boundedNames(names)
}

func dangling(in *engine.Input, path, name string) engine.Finding {
	b := in.Binding
	return engine.Finding{
		Path: path, Value: name, Expected: "something that exists", Actual: name + ", which does not exist",
		Severity: lower(v1alpha1.SeverityMedium, stepsWithin(b.Namespace())),
		Message:  b.Ref.String() + " names " + name + ", which does not exist; baseline " + in.Baseline + " forbids it.",
	}
}
