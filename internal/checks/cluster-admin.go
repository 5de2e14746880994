package checks

import (
	"slices"

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
		"* in *, whatever it is called; bound within a namespace, it is everything there. The group system:masters may do everything " +
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

// everyVerb are the verbs by which whoever has them on everything can take all others.
var everyVerb = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

func runClusterAdmin(in *engine.Input) []engine.Finding {
	if in.Binding == nil {
		return holdsEverything(in)
	}
	b := in.Binding
	everything := b.Role == adminRole || b.Grants != nil && allowsEverything(b.Grants.Rules)
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

// holdsEverything finds subjects that may do everything, and pods that run as one of them. Of the group of masters it is no news.
func holdsEverything(in *engine.Input) []engine.Finding {
	grants := in.Grants
	if in.Subject != nil {
		if in.Subject.Subject == masters {
			return nil
		}
		grants = in.Subject.Grants
	}
	var findings []engine.Finding
	allowed := in.Declared.RBAC.ClusterAdmin.AllowedSubjects
	for _, grant := range grants {
		if grant.Binding.Role != adminRole && !allowsEverything(grant.Role.Rules) || chosen(allowed, grant.Via) || chosen(allowed, holderOf(in)) {
			continue
		}
		who := holderOf(in).String()
		if in.Workload.Pod != nil {
			who = "The pods run as " + who + ", which"
		}
		everything := "do everything " + where(grant.Binding.Namespace()) + ", through " + grant.WordsFor(holderOf(in))
		findings = append(findings, engine.Finding{
			Origin: v1alpha1.OriginPermissions,
			Path:   grant.Path(), Value: grant.Via.String(), Expected: patternWords(allowed), Actual: everything,
			Severity: lower(v1alpha1.SeverityCritical, stepsWithin(grant.Binding.Namespace())),
			Message:  who + " may " + everything + "; baseline " + in.Baseline + " does not allow it.",
		})
		if len(findings) == maxFound {
			break
		}
	}
	return findings
}

// allowsEverything says whether rules allow every verb on every resource of every API group.
func allowsEverything(rules []rbacv1.PolicyRule) bool {
	for _, verb := range everyVerb {
		if !slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
			return len(rule.ResourceNames) == 0 && hasWildcard(rule.APIGroups) && hasWildcard(rule.Resources) &&
				(hasWildcard(rule.Verbs) || slices.Contains(rule.Verbs, verb))
		}) {
			return false
		}
	}
	return true
}
