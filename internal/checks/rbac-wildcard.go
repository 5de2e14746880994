package checks

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "rbac-wildcard",
	Title: "Wildcard in a role",
	Description: "A wildcard gives more than anybody thinks of: verbs such as escalate and impersonate, subresources such as pods/exec, and every " +
		"resource that will ever be installed. RBAC knows * in verbs, apiGroups, resources and nonResourceURLs, and */exec for the exec " +
		"of all resources; pods/*, */* and p*ds are no wildcards there, and a path with more than * in it is narrow enough.",
	Remediation: "Name the verbs, API groups, resources and paths that are needed.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.1.3 Minimize wildcard use in Roles and ClusterRoles"),
		nsa("Role-based access control"),
	},
	Judges: workload.Roles,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.Wildcards == v1alpha1.RuleForbidden
	},
	Run: runRBACWildcard,
})

// wildcardKinds are the lists of a rule where a wildcard can stand, and what a rule with one gives by it.
var wildcardKinds = []struct {
	field string
	by    func(*rbacv1.PolicyRule) (rbacv1.PolicyRule, bool)
}{
	{"verbs", func(rule *rbacv1.PolicyRule) (rbacv1.PolicyRule, bool) { return *rule, hasWildcard(rule.Verbs) }},
	{"apiGroups", func(rule *rbacv1.PolicyRule) (rbacv1.PolicyRule, bool) {
		given := *rule
		given.NonResourceURLs = nil
		return given, hasWildcard(rule.APIGroups)
	}},
	{"resources", func(rule *rbacv1.PolicyRule) (rbacv1.PolicyRule, bool) {
		given := *rule
		given.Resources, given.NonResourceURLs = keep(rule.Resources, isWildResource), nil
		return given, len(given.Resources) > 0
	}},
	{"nonResourceURLs", func(rule *rbacv1.PolicyRule) (rbacv1.PolicyRule, bool) {
		given := rbacv1.PolicyRule{Verbs: rule.Verbs, NonResourceURLs: keep(rule.NonResourceURLs, isEveryPath)}
		return given, len(given.NonResourceURLs) > 0
	}},
}

// runRBACWildcard tells a wildcard by its kind and by what is given by it, so that neither the order of rules nor how they
// are cut into several makes it another.
func runRBACWildcard(in *engine.Input) []engine.Finding {
	if in.Role.BuiltIn() {
		return nil
	}
	var findings []engine.Finding
	for _, kind := range wildcardKinds {
		var rules []rbacv1.PolicyRule
		for i := range in.Role.Rules {
			rule := &in.Role.Rules[i]
			if !givesAny(rule) {
				continue
			}
			if given, wild := kind.by(rule); wild {
				rules = append(rules, given)
			}
		}
		if len(rules) > 0 {
			findings = append(findings, wildcards(in, kind.field, rbac.Permissions(rules))...)
		}
	}
	return findings
}

// wildcards are the findings of one kind.
func wildcards(in *engine.Input, field string, given []rbac.Permission) []engine.Finding {
	values := make([]string, len(given))
	for i, permission := range given {
		values[i] = permission.String()
	}
	shown, more := bounded(values)
	findings := make([]engine.Finding, 0, len(shown)+1)
	for _, value := range shown {
		findings = append(findings, wildcard(in, field, value, "lets whoever is bound to it "+rbac.WordsOf(value)+" by a wildcard in "+field))
	}
	if more {
		f := wildcard(in, field, furtherOnes, "allows more by wildcards in "+field+" than is shown")
		f.Actual = moreThanShown
		findings = append(findings, f)
	}
	return findings
}

func wildcard(in *engine.Input, field, value, does string) engine.Finding {
	role := in.Role
	return engine.Finding{
		Path: "rules." + field, Value: value, Expected: "no wildcard in " + field, Actual: value,
		Severity: lower(v1alpha1.SeverityHigh, steps(role)),
		Message:  role.Ref.String() + " " + does + ", which baseline " + in.Baseline + " forbids; " + reaches(role) + ".",
	}
}

// givesAny says whether a rule gives anything: one without verbs, or without a group of its resources, gives nothing.
func givesAny(rule *rbacv1.PolicyRule) bool {
	return len(rule.Verbs) > 0 && (len(rule.APIGroups) > 0 && len(rule.Resources) > 0 || len(rule.NonResourceURLs) > 0)
}

func hasWildcard(list []string) bool { return slices.Contains(list, rbacv1.VerbAll) }

// isWildResource leaves out */*, which is nothing but a subresource that is called *, of which there is none.
func isWildResource(resource string) bool {
	return resource == rbacv1.ResourceAll || strings.HasPrefix(resource, "*/") && resource != "*/*"
}

// isEveryPath says whether a pattern is that of all paths.
func isEveryPath(path string) bool {
	begin := strings.TrimRight(path, "*")
	return begin != path && (begin == "" || begin == "/")
}

// keep returns those of a list that are asked for, and makes nothing where there are none.
func keep(list []string, asked func(string) bool) []string {
	var kept []string
	for _, word := range list {
		if asked(word) {
			kept = append(kept, word)
		}
	}
	return kept
}
