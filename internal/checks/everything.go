package checks

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

// everyVerb are the verbs by which whoever has them on everything can take all others.
var everyVerb = [...]string{"get", "list", "watch", "create", "update", "patch", "delete"}

// verbs are some of everyVerb, a bit for each: nothing is made to add up what bindings give.
type verbs uint

const allVerbs verbs = 1<<len(everyVerb) - 1

// onEverything returns which of everyVerb rules allow on every resource of every API group.
func onEverything(rules []rbacv1.PolicyRule) verbs {
	var allowed verbs
	for i := range rules {
		rule := &rules[i]
		if len(rule.ResourceNames) > 0 || !hasWildcard(rule.APIGroups) || !hasWildcard(rule.Resources) {
			continue
		}
		if hasWildcard(rule.Verbs) {
			return allVerbs
		}
		for bit, verb := range everyVerb {
			if slices.Contains(rule.Verbs, verb) {
				allowed |= 1 << bit
			}
		}
	}
	return allowed
}

func givenBy(grant *rbac.Grant) verbs {
	if grant.Binding.Role == adminRole {
		return allVerbs
	}
	return onEverything(grant.Role.Rules)
}

// holdsEverything finds subjects that may do everything, and pods that run as one of them: by one binding, or by several that
// give it together. Of the group of masters it is no news.
func holdsEverything(in *engine.Input) []engine.Finding {
	grants := in.Grants
	if in.Subject != nil {
		if in.Subject.Subject == masters {
			return nil
		}
		grants = in.Subject.Grants
	}
	if len(grants) == 0 || chosen(in.Declared.RBAC.ClusterAdmin.AllowedSubjects, holderOf(in)) {
		return nil
	}
	h := holding{in: in, who: holderOf(in), allowed: in.Declared.RBAC.ClusterAdmin.AllowedSubjects, given: newPerRole[verbs](grants)}
	for len(grants) > 0 && len(h.findings) <= maxFound { // what is granted in the whole cluster comes first
		namespace, n := grants[0].Binding.Namespace(), 1
		for n < len(grants) && grants[n].Binding.Namespace() == namespace {
			n++
		}
		h.look(namespace, grants[:n])
		grants = grants[n:]
	}
	if len(h.findings) <= maxFound {
		return h.findings
	}
	more := h.findings[maxFound]
	more.Path = "bindings"
	return append(h.findings[:maxFound], further(in, more, h.who.String()+" holds"))
}

// holding is what one who holds permissions is found to hold.
type holding struct {
	in      *engine.Input
	who     rbac.Subject
	allowed []v1alpha1.SubjectPattern // who may be given everything
	given   perRole[verbs]
	wide    []rbac.Grant // what is granted in the whole cluster, and so in every namespace, too
	sum     sum          // of it

	findings []engine.Finding
}

// sum is what grants give on everything: all of them, and those to groups that may be given everything.
type sum struct {
	held, allowed verbs
}

// counts says whether it is everything. Who has it by what is granted to those who may be given everything has nothing more by
// the others.
func (s sum) counts() bool { return s.held == allVerbs && s.allowed != allVerbs }

// look finds what gives everything in a namespace; empty for the whole cluster. Where no binding does it alone, all together may.
func (h *holding) look(namespace string, grants []rbac.Grant) {
	total, alone := h.sum, false
	for i := range grants {
		given := h.given.of(&grants[i], givenBy)
		total.held |= given
		if given == 0 {
			continue
		}
		if chosen(h.allowed, grants[i].Via) {
			total.allowed |= given
			continue
		}
		if given == allVerbs && len(h.findings) <= maxFound {
			alone = true
			h.add(namespace, grants[i].Path(), grants[i].Via, grants[i].WordsFor(h.who))
		}
	}
	if !alone && total.counts() && !h.sum.counts() {
		path := "bindings"
		if namespace != "" {
			path += "[" + namespace + "]"
		}
		h.add(namespace, path, h.who, h.words(grants))
	}
	if namespace == "" {
		h.wide, h.sum = grants, total
	}
}

// words names bindings that give everything together, without those that add nothing to the ones before them.
func (h *holding) words(grants []rbac.Grant) string {
	var names []string
	var named verbs
	for _, some := range [][]rbac.Grant{h.wide, grants} {
		for i := range some {
			if given := h.given.of(&some[i], givenBy); given&^named != 0 {
				named |= given
				names = append(names, some[i].WordsFor(h.who))
			}
		}
	}
	return strings.Join(names, ", together with ")
}

func (h *holding) add(namespace, path string, via rbac.Subject, through string) {
	who := h.who.String()
	if h.in.Workload.Pod != nil {
		who = "The pods run as " + who + ", which"
	}
	everything := "do everything " + where(namespace) + ", through " + through
	h.findings = append(h.findings, engine.Finding{
		Origin: v1alpha1.OriginPermissions,
		Path:   path, Value: via.String(), Expected: patternWords(h.allowed), Actual: everything,
		Severity: lower(v1alpha1.SeverityCritical, stepsWithin(namespace)),
		Message:  who + " may " + everything + "; baseline " + h.in.Baseline + " does not allow it.",
	})
}
