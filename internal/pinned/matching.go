package pinned

import (
	"slices"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

const anything = "*"

// request is what one piece of an admission rule matches: one operation on one resource of one version of one group.
// Where named is not set, it matches all names: an empty one is that of an object whose name is to be made up. whole is set
// instead for a rule that is too large to be taken apart.
type request struct {
	operation, group, version, resource, scope, name string
	named                                            bool
	whole                                            string
}

// maxPieces bounds into how many pieces a rule is taken apart.
const maxPieces = 1024

// rule reads a rule, taken apart, so that rules that are spelled differently and match the same are the same. Without
// names it matches all.
func (r *reader) rule(path string, from *admissionv1.RuleWithOperations, of []string, means rule) {
	for _, piece := range piecesOf(from, of) {
		r.request(path, piece, means, true)
	}
}

func (r *reader) request(path string, piece request, means rule, own bool) {
	r.add(fact{key: item(path, piece.String()), size: &measure{matches: piece}, own: own, rule: means, covered: matchesLess})
}

// names is the number of the list of names among those that a rule is taken apart by.
const names = 4

func piecesOf(from *admissionv1.RuleWithOperations, of []string) []request {
	scope := string(admissionv1.AllScopes)
	if from.Scope != nil {
		scope = string(*from.Scope)
	}
	operations := make([]string, len(from.Operations))
	for i, operation := range from.Operations {
		operations[i] = string(operation)
	}
	lists := [...][]string{operations, from.APIGroups, from.APIVersions, from.Resources, of}
	pieces := []request{{scope: scope}}
	for i, list := range lists {
		if i == names && len(list) == 0 {
			continue
		}
		if len(list)*len(pieces) > maxPieces {
			return []request{wholeRule(lists[:], scope)}
		}
		pieces = multiplied(pieces, list, i)
	}
	return pieces
}

// multiplied makes of each piece one for each item of the list, which is the field of that number.
func multiplied(pieces []request, list []string, field int) []request {
	all := make([]request, 0, len(pieces)*len(list))
	for _, piece := range pieces {
		for _, item := range list {
			*[...]*string{&piece.operation, &piece.group, &piece.version, &piece.resource, &piece.name}[field] = item
			piece.named = field == names
			all = append(all, piece)
		}
	}
	return all
}

func wholeRule(lists [][]string, scope string) request {
	var b strings.Builder
	for _, list := range lists {
		parts := slices.Compact(slices.Sorted(slices.Values(list)))
		for i := range parts {
			parts[i] = plainly(parts[i], ",")
		}
		b.WriteString(strings.Join(parts, ","))
		b.WriteByte(' ')
	}
	return request{whole: b.String() + plainly(scope, "")}
}

// String returns the request as people write it, such as "CREATE pods.v1" or "* deployments.v1.apps in Namespaced". Requests are
// compared by it: what could be read as something else is in quotes, because the API server takes any text for a version.
func (q request) String() string {
	if q.whole != "" {
		return q.whole
	}
	s := plainly(q.operation, "") + " " + plainly(q.resource, ".[") + "." + plainly(q.version, ".[")
	if q.group != "" {
		s += "." + plainly(q.group, "[")
	}
	if q.named {
		s += "[" + plainly(q.name, "]") + "]"
	}
	if q.scope != anything {
		s += " in " + plainly(q.scope, "")
	}
	return s
}

// plainly returns a part of a text as it is where it can be told from what stands beside it, and in quotes where it holds what
// ends it: a space, a quote, or one of these.
func plainly(part, ends string) string {
	if part == "" || strings.ContainsAny(part, ` "`+ends) {
		return strconv.Quote(part)
	}
	return part
}

// matchesLess says whether another piece at the same path matches all that this one matches.
func matchesLess(f, by *fact) bool { return f.measured().matches.within(by.measured().matches) }

func (q request) within(o request) bool {
	if q.whole != "" || o.whole != "" {
		return q == o
	}
	return isOrAny(o.operation, q.operation) && isOrAny(o.group, q.group) && isOrAny(o.version, q.version) &&
		isOrAny(o.scope, q.scope) && coversResource(o.resource, q.resource) && (!o.named || q.named && o.name == q.name)
}

func isOrAny(pattern, value string) bool { return pattern == anything || pattern == value }

// coversResource knows the wildcards of admission rules: "*" is all resources without their subresources, "pods/*" all
// subresources of pods, "*/scale" all that are called scale, and "*/*" everything.
func coversResource(pattern, resource string) bool {
	if pattern == resource || pattern == "*/*" {
		return true
	}
	parent, sub, isSub := strings.Cut(resource, "/")
	if pattern == anything {
		return !isSub
	}
	parentPattern, subPattern, both := strings.Cut(pattern, "/")
	return both && isSub && isOrAny(parentPattern, parent) && isOrAny(subPattern, sub)
}

// shows is for rules of webhooks that validate: more of them guard more, except that a webhook is shown what it is asked
// about, and Secrets nobody meant to show it.
func shows(declared, live *fact) bool {
	return declared != nil || live.measured().matches.showsSecrets()
}

func (q request) showsSecrets() bool {
	return q.whole != "" || isOrAny(q.group, "") && coversResource(q.resource, "secrets")
}

// resources reads what a policy or a binding of one is about. A policy has to say it; a binding that says nothing is about
// all that its policy is about.
func (r *reader) resources(at string, m *admissionv1.MatchResources, byPolicy bool) {
	if m == nil {
		m = &admissionv1.MatchResources{}
	}
	rules := at + ".resourceRules"
	for i := range m.ResourceRules {
		r.rule(rules, &m.ResourceRules[i].RuleWithOperations, m.ResourceRules[i].ResourceNames, guards)
	}
	if byPolicy && len(m.ResourceRules) == 0 {
		r.request(rules, request{operation: anything, group: anything, version: anything, resource: "*/*", scope: anything}, guards, false)
	}
	for i := range m.ExcludeResourceRules {
		r.rule(at+".excludeResourceRules", &m.ExcludeResourceRules[i].RuleWithOperations, m.ExcludeResourceRules[i].ResourceNames, adds)
	}
	r.matchPolicy(at+".matchPolicy", m.MatchPolicy)
	r.add(selector(at+".namespaceSelector", m.NamespaceSelector))
	r.add(selector(at+".objectSelector", m.ObjectSelector))
}

// params reads which objects a policy is parameterised with.
func (r *reader) params(p *admissionv1.ParamRef) {
	const at = "paramRef"
	if p == nil {
		r.add(fact{key: key{path: at}, value: none, rule: always})
		return
	}
	words := "object " + plainly(p.Name, "")
	if p.Name == "" {
		words = "objects with labels " + selectorWords(requirementsOf(p.Selector))
	}
	if p.Namespace != "" {
		words += " in " + p.Namespace
	}
	r.add(fact{key: key{path: at}, value: words, own: true, rule: always})
	r.add(strictByDefault(at+".parameterNotFoundAction", p.ParameterNotFoundAction, admissionv1.DenyAction))
}
