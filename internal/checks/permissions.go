package checks

import (
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// holders are all that a permission is found on: the roles that allow it, the bindings that grant it by a role that
// Kubernetes makes, the subjects that hold it, and the workloads that run as one of them.
const holders = workload.Roles | workload.Bindings | workload.Subjects | workload.Pods

const (
	forbidden = "not allowed"
	bindVerb  = "bind"
)

// judgePermissions finds who is given any of the permissions that a check looks for.
func judgePermissions(in *engine.Input, severity v1alpha1.Severity, wanted capabilities) []engine.Finding {
	switch {
	case in.Role != nil:
		return allowedBy(in, severity, wanted)
	case in.Binding != nil:
		return grantedBy(in, severity, wanted)
	case in.Subject != nil:
		return heldBy(in, in.Subject.Grants, severity, wanted)
	}
	return heldBy(in, in.Grants, severity, wanted)
}

// allowedBy finds what a role allows. Those that Kubernetes makes allow it in every cluster: who is bound to them is found. So it
// is while somebody took something out of one of them.
func allowedBy(in *engine.Input, severity v1alpha1.Severity, wanted capabilities) []engine.Finding {
	if in.Role.BuiltIn() {
		return nil
	}
	var findings []engine.Finding
	for _, permission := range wanted.in(in.Role.Rules, in.Role.Ref.Namespace) {
		f := engine.Finding{Path: "rules", Expected: forbidden, Severity: lower(severity, steps(in.Role))}
		if len(findings) == maxFound {
			return append(findings, further(in, f, in.Role.Ref.String()+" allows"))
		}
		f.Value = permission.String()
		f.Actual = f.Value
		f.Message = in.Role.Ref.String() + " lets whoever is bound to it " + f.Value + ", which baseline " + in.Baseline + " forbids; " +
			reachesWith(in.Role, permission) + "."
		findings = append(findings, f)
	}
	return findings
}

// grantedBy finds what a binding grants by a role that Kubernetes makes. Of other roles it is found on the role. Of a modified one
// it is found on both: what is found on a thousand bindings must not be resolved because somebody changed their role, nor for
// the moment in which an aggregated role has rules of one that is gone.
func grantedBy(in *engine.Input, severity v1alpha1.Severity, wanted capabilities) []engine.Finding {
	b := in.Binding
	if b.Standing == builtin.Known || b.Grants == nil || b.Grants.Standing == builtin.Foreign {
		return nil
	}
	permissions := wanted.in(b.Grants.Rules, b.Namespace())
	if len(permissions) == 0 {
		return nil
	}
	var findings []engine.Finding
	role := b.Role.Local()
	who, fewer := whom(b.Whom)
	for _, permission := range permissions {
		f := engine.Finding{
			Path: "roleRef", Expected: forbidden, Severity: lower(severity, stepsWithin(b.Namespace())+fewer),
			Remediation: "Remove " + b.Ref.String() + ", or replace it with a binding to a role that allows less than " + role + ".",
		}
		if len(findings) == maxFound {
			return append(findings, further(in, f, b.Ref.String()+" grants"))
		}
		f.Value = permission.String()
		f.Actual = f.Value + ", by " + role
		f.Message = b.Ref.String() + " lets " + who + " " + f.Value + " " + where(b.Namespace()) + ", through the built-in " + role +
			"; baseline " + in.Baseline + " forbids it."
		findings = append(findings, f)
	}
	return findings
}

// heldBy finds what a subject holds through its bindings: what reaches the whole cluster first.
func heldBy(in *engine.Input, grants []rbac.Grant, severity v1alpha1.Severity, wanted capabilities) []engine.Finding {
	var findings []engine.Finding
	found := newPerRole[[]rbac.Permission](grants)
	for i, grant := range grants {
		if i > 0 && grant.Binding.Ref == grants[i-1].Binding.Ref {
			continue // the binding names a group of the subject as well
		}
		for _, permission := range found.of(&grants[i], wanted.by) {
			f := held(in, rbac.Exceeding{Grant: grant, Permission: permission}, severity, "; baseline "+in.Baseline+" forbids it.")
			if len(findings) == maxFound {
				f.Path, f.Remediation = "bindings", ""
				return append(findings, further(in, f, holderOf(in).String()+" holds"))
			}
			findings = append(findings, f)
		}
	}
	return findings
}

// held is the finding of what a subject may do through one binding. The sentence ends in what the baseline says of it.
func held(in *engine.Input, e rbac.Exceeding, severity v1alpha1.Severity, end string) engine.Finding {
	who := holderOf(in)
	message := rbac.MayWords(who, e)
	actual := strings.TrimPrefix(message, who.String()+" may ")
	if in.Workload.Pod != nil {
		message = "The pods run as " + who.String() + ", which may " + actual
	}
	return engine.Finding{
		Origin: v1alpha1.OriginPermissions,
		Path:   e.Grant.Path(), Value: e.Permission.String(), Expected: forbidden, Actual: actual,
		Severity:    lower(severity, stepsWithin(e.Grant.Binding.Namespace())),
		Message:     message + end,
		Remediation: "Take " + e.Grant.Via.String() + " out of " + e.Grant.Binding.Ref.String() + ", and grant what it needs by a role that allows less.",
	}
}

// further makes of a finding the one that stands for all past the bound. It names no permission, so that no exception for
// what is shown waives what is not.
func further(in *engine.Input, f engine.Finding, who string) engine.Finding {
	f.Value, f.Actual = furtherOnes, "more than "+strconv.Itoa(maxFound)
	f.Message = who + " more of this than is shown, which baseline " + in.Baseline + " forbids."
	return f
}

// capabilities are what a check looks for.
type capabilities struct {
	all    []rbac.Capability
	within []rbac.Capability // those of all that have an effect within a namespace
}

// capable returns the capabilities of a check. It is made once, so that what has no effect costs nothing where it is granted.
func capable(all ...rbac.Capability) capabilities {
	wanted := capabilities{all: all}
	for _, capability := range all {
		var within []string
		for _, resource := range capability.Resources {
			if !(rbac.Permission{Verbs: capability.Verbs, Group: capability.Group, Resource: resource}).ClusterScoped() {
				within = append(within, resource)
			}
		}
		if capability.Resources = within; len(within) > 0 {
			wanted.within = append(wanted.within, capability)
		}
	}
	return wanted
}

// by returns what a grant gives.
func (c *capabilities) by(grant *rbac.Grant) []rbac.Permission {
	return c.in(grant.Role.Rules, grant.Binding.Namespace())
}

// in returns what rules give that are granted in a namespace; empty for the whole cluster.
func (c *capabilities) in(rules []rbacv1.PolicyRule, namespace string) []rbac.Permission {
	if namespace == "" {
		return rbac.Matching(rules, c.all)
	}
	return rbac.Matching(rules, c.within)
}

// holderOf is who holds what is judged: the subject, or the ServiceAccount that the pods run as.
func holderOf(in *engine.Input) rbac.Subject {
	if in.Subject != nil {
		return in.Subject.Subject
	}
	return rbac.ServiceAccount(in.Workload.Namespace, in.Workload.ServiceAccount())
}

// whom names who holds what a binding grants, and says by how many steps it is less bad: a binding of nobody grants nothing yet.
func whom(holders []rbac.Subject) (who string, fewer int) {
	switch len(holders) {
	case 0:
		return "whoever is added to it", 1
	case 1:
		return holders[0].String(), 0
	}
	return holders[0].String() + " and " + strconv.Itoa(len(holders)-1) + " more", 0
}

// where says how far a binding grants.
func where(namespace string) string {
	if namespace == "" {
		return "in the whole cluster"
	}
	return "in namespace " + namespace
}

// reaches says how far a role reaches by its bindings.
func reaches(role *engine.Role) string {
	switch {
	case role.Reach == rbac.Unbound:
		return "nobody is bound to it"
	case role.Ref.Namespace != "":
		return "somebody is bound to it"
	case role.Reach == rbac.Namespaced:
		return "it is granted within namespaces"
	}
	return "it is granted in the whole cluster"
}

// reachesWith says the same of one of the permissions of the role.
func reachesWith(role *engine.Role, permission rbac.Permission) string {
	if role.Reach == rbac.Namespaced && permission.ClusterScoped() {
		return "it is granted within namespaces only, where this has no effect"
	}
	return reaches(role)
}

// steps says by how many steps what a role allows is less bad than what is granted in the whole cluster.
func steps(role *engine.Role) int {
	n := stepsWithin(role.Ref.Namespace)
	switch role.Reach {
	case rbac.Unbound:
		return n + 1
	case rbac.Namespaced:
		return 1
	}
	return n
}

// stepsWithin says the same of what is granted within a namespace; empty for the whole cluster.
func stepsWithin(namespace string) int {
	if namespace == "" {
		return 0
	}
	return 1
}

// lower returns the severity that is so many steps less bad.
func lower(severity v1alpha1.Severity, steps int) v1alpha1.Severity {
	all := []v1alpha1.Severity{v1alpha1.SeverityCritical, v1alpha1.SeverityHigh, v1alpha1.SeverityMedium, v1alpha1.SeverityLow}
	return all[min(engine.Rank(severity)+steps, len(all)-1)]
}
