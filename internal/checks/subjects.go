package checks

import (
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
)

// subjectsPath is the path of findings about whom a binding names.
const subjectsPath = "subjects"

// moreThanShown is what is seen past the bound of findings.
var moreThanShown = "more than " + strconv.Itoa(maxFound)

// foundIn returns the subjects of a binding that a check looks for: in order, each once, no more than become findings, and
// whether there are more. Whom Kubernetes itself makes a binding name is not found, as long as the role allows no more than
// it does there: what somebody added to the role, whoever is bound to it has as well.
func foundIn(b *engine.Binding, wanted func(rbac.Subject) bool) (names []string, more bool) {
	exempt := b.Grants == nil || b.Grants.BuiltIn()
	if exempt && b.Standing == builtin.Known {
		return nil, false
	}
	for _, subject := range b.Whom {
		if wanted(subject) && (!exempt || !builtin.Names(b.Binding, subject)) {
			names = append(names, subject.String())
		}
	}
	return boundedNames(names)
}

// boundedNames is bounded, and makes nothing where there are none.
func boundedNames(names []string) (shown []string, more bool) {
	if len(names) == 0 {
		return nil, false
	}
	return bounded(names)
}

// judgeSubjects finds the subjects of a binding to whom nothing is to be granted. who says of one of them, who that is.
func judgeSubjects(in *engine.Input, severity v1alpha1.Severity, who string, wanted func(rbac.Subject) bool) []engine.Finding {
	names, more := foundIn(in.Binding, wanted)
	if len(names) == 0 {
		return nil
	}
	b := in.Binding
	grants := b.Ref.String() + " grants " + b.Role.Local() + " " + where(b.Namespace()) + " to "
	findings := make([]engine.Finding, 0, len(names)+1)
	for _, name := range names {
		findings = append(findings, engine.Finding{
			Path: subjectsPath, Value: name, Expected: forbidden, Actual: name,
			Severity: lower(severity, stepsWithin(b.Namespace())),
			Message:  grants + name + ", " + who + "; baseline " + in.Baseline + " forbids it.",
		})
	}
	if more {
		findings = append(findings, engine.Finding{
			Path: subjectsPath, Value: furtherOnes, Expected: forbidden, Actual: moreThanShown,
			Severity: lower(severity, stepsWithin(b.Namespace())),
			Message:  grants + "more such subjects than are shown; baseline " + in.Baseline + " forbids it.",
		})
	}
	return findings
}

// chosen says whether one of the patterns chooses a subject. A user that is called like a ServiceAccount is that ServiceAccount, in
// a binding and in a pattern, as for RBAC.
func chosen(patterns []v1alpha1.SubjectPattern, subject rbac.Subject) bool {
	for i := range patterns {
		p := &patterns[i]
		if p.Kind == subject.Kind && (p.Namespace == "" || glob.Match(p.Namespace, subject.Namespace)) && glob.Match(p.Name, subject.Name) {
			return true
		}
		if p.Kind == rbacv1.UserKind && subject.Kind == rbacv1.ServiceAccountKind && strings.HasPrefix(p.Name, serviceAccountUsers) &&
			glob.Match(p.Name, serviceAccountUsers+subject.Namespace+":"+subject.Name) {
			return true
		}
	}
	return false
}

// serviceAccountUsers is what the names of the users begin with as whom ServiceAccounts come.
const serviceAccountUsers = "system:serviceaccount:"

// patternWords puts the subjects into words that patterns choose.
func patternWords(patterns []v1alpha1.SubjectPattern) string {
	names := make([]string, len(patterns))
	for i := range patterns {
		p := &patterns[i] // whose author is trusted, and whose * is none of a name
		names[i] = p.Kind + " " + strings.TrimPrefix(p.Namespace+"/", "/") + p.Name
	}
	return oneOf(names)
}
