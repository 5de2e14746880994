package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "permission-ceiling",
	Title: "More permissions than declared",
	Description: "Permissions come by many ways: a binding for debugging that nobody removed, a role that somebody widened, a group, a label by " +
		"which one ClusterRole takes up the rules of another. Whoever takes over the subject has all of them. What it holds over all its " +
		"bindings is held against what it was declared to hold, and only what goes beyond is found.",
	Remediation: "Remove what was granted, or add it to a ceiling that names the subject in rbac.permissionCeilings.",
	Severity:    v1alpha1.SeverityHigh,
	Controls:    []engine.Control{nsa("Role-based access control")},
	Judges:      workload.Subjects | workload.Pods,
	Needs:       []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.RBAC.PermissionCeilings) > 0
	},
	Run: runPermissionCeiling,
})

const ceilingExpected = "no more than permissionCeilings of the baseline allow"

func runPermissionCeiling(in *engine.Input) []engine.Finding {
	grants := in.Grants
	if in.Subject != nil {
		grants = in.Subject.Grants
	}
	if len(grants) == 0 {
		return nil
	}
	ceilings := ceilings{all: in.Declared.RBAC.PermissionCeilings, who: holderOf(in)}
	if !ceilings.named() || ceilings.hold(grants) {
		return nil
	}
	var findings []engine.Finding
	for exceeding := range rbac.Excess(grants, ceilings.compiled()) {
		f := held(in, exceeding, v1alpha1.SeverityHigh, ", which is more than baseline "+in.Baseline+" allows.")
		f.Expected = ceilingExpected
		if len(findings) == maxFound { // what is granted in the whole cluster comes first: what follows is no worse
			f.Path, f.Remediation = "bindings", ""
			return append(findings, further(in, f, holderOf(in).String()+" holds"))
		}
		findings = append(findings, f)
	}
	return findings
}
