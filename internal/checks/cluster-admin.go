package checks

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "cluster-admin",
	Title: "Every permission for a subject that is not allowed it",
	Description: "Who may do everything needs no other hole. ClusterRole cluster-admin allows everything, and so does every role with all verbs on " +
		"* in *, whatever it is called; bound within a namespace, it is everything there. What several bindings give " +
		"together counts as well, and is found on whoever holds it. The group system:masters may do everything " +
		"without any binding, and past every webhook, so that nothing can be taken from its members; a binding that names it is found, " +
		"but for the one of Kubernetes itself. Who is a member cannot be seen in the cluster.",
	Remediation: "Bind a role that allows only what is needed, or name the subject in rbac.clusterAdmin.allowedSubjects.",
	Severity:    v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.1 Ensure that the cluster-admin role is only used where required"),
		cis("5.1.7 Avoid use of system:masters group"),
		nsa("Role-based access control"),
	},
	Judges: workload.Bindings | workload.Subjects | workload.Pods,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.ClusterAdmin != nil // an empty list allows nobody
	},
	Run: runClusterAdmin,
})

// The role and the group that Kubernetes makes for those who may do everything.
var (
	adminRole = workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}
	masters   = rbac.Subject{Kind: rbacv1.GroupKind, Name: "system:masters"}
)

func runClusterAdmin(in *engine.Input) []engine.Finding {
	if in.Binding == nil {
		return holdsEverything(in)
	}
	b := in.Binding
	everything := b.Role == adminRole || b.Grants != nil && onEverything(b.Grants.Rules) == allVerbs
	names, more := foundIn(b, func(s rbac.Subject) bool {
		return (everything || s == masters) && !chosen(in.Declared.RBAC.ClusterAdmin.AllowedSubjects, s)
	})
	var findings []engine.Finding
	for _, name := range names {
		findings = append(findings, madeAdmin(in, everything, name))
	}
	if more {
		f := madeAdmin(in, everything, furtherOnes)
		f.Actual = moreThanShown
		findings = append(findings, f)
	}
	return findings
}

// madeAdmin is the finding of a subject in a binding, or of all past the bound.
func madeAdmin(in *engine.Input, everything bool, name string) engine.Finding {
	b := in.Binding
	f := engine.Finding{
		Path: subjectsPath, Value: name, Actual: name, Expected: patternWords(in.Declared.RBAC.ClusterAdmin.AllowedSubjects),
		Severity: lower(v1alpha1.SeverityCritical, stepsWithin(b.Namespace())),
	}
	switch {
	case !everything: // the binding adds nothing to what the group has
		f.Severity = v1alpha1.SeverityMedium
		f.Message = b.Ref.String() + " names " + name + ", whose members may do everything without it"
		f.Remediation = "Bind a group of your own in the place of " + name + ", and take its members out of it."
	case name == furtherOnes:
		f.Message = b.Ref.String() + " grants everything " + where(b.Namespace()) + " to more subjects than are shown"
	default:
		f.Message = b.Ref.String() + " grants everything " + where(b.Namespace()) + " to " + name + ", by " + b.Role.Local()
	}
	f.Message += "; baseline " + in.Baseline + " does not allow it."
	return f
}
