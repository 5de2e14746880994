package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac/builtin"
)

// atom is the smallest thing that a rule allows: one verb on one thing.
type atom struct {
	thing
	verb string
}

// thing is a resource, one object of it if it has a name, or a path that is no resource.
type thing struct{ group, resource, name, path string }

type atoms map[atom]bool

func breakDown(rules []rbacv1.PolicyRule) atoms {
	found := atoms{}
	for _, rule := range rules {
		for _, thing := range thingsOf(rule) {
			for _, verb := range rule.Verbs {
				found[atom{thing, verb}] = true
			}
		}
	}
	return found
}

func thingsOf(rule rbacv1.PolicyRule) []thing {
	var things []thing
	for _, path := range rule.NonResourceURLs {
		things = append(things, thing{path: path})
	}
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, name := range names {
				things = append(things, thing{group: group, resource: resource, name: name})
			}
		}
	}
	return things
}

// bounds are what all forms of a role allow, and what any of them does.
type bounds struct{ least, most atoms }

// widen makes the bounds such that the form lies between them.
func (b *bounds) widen(form atoms) {
	if b.most == nil {
		b.least, b.most = form, maps.Clone(form)
		return
	}
	maps.DeleteFunc(b.least, func(a atom, _ bool) bool { return !form[a] })
	maps.Copy(b.most, form)
}

// span is in which minors something is allowed.
type span struct{ minors, optional []int }

// spansOf says in which minors each atom is allowed: where any form of the role allows it. It is optional where another form
// does not.
func spansOf(forms map[int]*bounds, minors []int) map[atom]span {
	spans := map[atom]span{}
	for _, minor := range minors {
		for a := range forms[minor].most {
			s := spans[a]
			s.minors = append(s.minors, minor)
			if !forms[minor].least[a] {
				s.optional = append(s.optional, minor)
			}
			spans[a] = s
		}
	}
	return spans
}

// rulesOf writes what the forms of a role allow in few rules, in a fixed order.
func rulesOf(forms map[int]*bounds, minors []int) []builtin.Rule {
	spans := spansOf(forms, minors)
	byThing := map[thing]map[string]builtin.Rule{} // by the span
	for a, s := range spans {
		if byThing[a.thing] == nil {
			byThing[a.thing] = map[string]builtin.Rule{}
		}
		rule := byThing[a.thing][s.key()]
		rule.Minors, rule.Optional = unlessAll(s.minors, minors), s.optional
		rule.Verbs = append(rule.Verbs, a.verb)
		byThing[a.thing][s.key()] = rule
	}
	var rules []builtin.Rule
	for t, bySpan := range byThing {
		for _, rule := range bySpan {
			slices.Sort(rule.Verbs)
			t.addTo(&rule.PolicyRule)
			rules = append(rules, rule)
		}
	}
	return joined(rules)
}

func (s span) key() string { return key(s.minors, s.optional) }

func (t thing) addTo(rule *rbacv1.PolicyRule) {
	if t.path != "" {
		rule.NonResourceURLs = []string{t.path}
		return
	}
	rule.APIGroups, rule.Resources = []string{t.group}, []string{t.resource}
	if t.name != "" {
		rule.ResourceNames = []string{t.name}
	}
}

// joined makes one of the rules that differ in their resources or paths only.
func joined(rules []builtin.Rule) []builtin.Rule {
	byRest := map[string]builtin.Rule{}
	for _, rule := range rules {
		rest := key(rule.APIGroups, rule.ResourceNames, rule.Verbs, rule.Minors, rule.Optional, len(rule.NonResourceURLs))
		all := byRest[rest]
		rule.Resources = slices.Concat(all.Resources, rule.Resources)
		rule.NonResourceURLs = slices.Concat(all.NonResourceURLs, rule.NonResourceURLs)
		byRest[rest] = rule
	}
	result := slices.Collect(maps.Values(byRest))
	for i := range result {
		slices.Sort(result[i].Resources)
		slices.Sort(result[i].NonResourceURLs)
	}
	slices.SortFunc(result, func(a, b builtin.Rule) int {
		return cmp.Or(
			slices.Compare(a.APIGroups, b.APIGroups),
			slices.Compare(a.Resources, b.Resources),
			slices.Compare(a.NonResourceURLs, b.NonResourceURLs),
			strings.Compare(key(a), key(b)),
		)
	})
	return result
}

// key is a text that is the same for the same values.
func key(values ...any) string { return fmt.Sprintf("%#v", values) }
