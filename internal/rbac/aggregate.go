package rbac

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Aggregate fills the rules of aggregated ClusterRoles among roles that were read from files, from those that their labels
// select, also through others. In a cluster a controller does it: roles that are read there have their rules.
//
// What the file says of the rules is replaced, as the controller would. It stays where no role in the files is selected:
// those that are have been left out then, and nothing better is known. So it does where a selector cannot be read. Roles
// that select each other in a cycle hold what all of them select and say, because the controller passes that on among them.
//
// Source: pkg/controller/clusterroleaggregation of Kubernetes.
func Aggregate(roles []*Role) {
	a := aggregation{nodes: map[*Role]*node{}, labelled: map[string][]*Role{}, texts: map[*Role][]string{}}
	for _, role := range roles {
		if role.Ref.Kind == clusterRoleKind {
			a.roles = append(a.roles, role)
		}
	}
	slices.SortStableFunc(a.roles, func(x, y *Role) int { return compareRefs(x.Ref, y.Ref) })
	for i, role := range a.roles {
		a.nodes[role] = newNode(i, len(a.roles), role.Aggregation)
		for name, value := range role.Labels {
			a.labelled[name+"="+value] = append(a.labelled[name+"="+value], role)
		}
	}
	for _, role := range a.roles {
		if n := a.nodes[role]; n.selects() && n.found == 0 {
			a.visit(role, n)
		}
	}
	a.fill()
}

// aggregation goes from role to role, and finds cycles on the way, as Tarjan's algorithm does.
type aggregation struct {
	roles    []*Role // sorted
	nodes    map[*Role]*node
	labelled map[string][]*Role // the same by label, so that not every role is held against every selector
	texts    map[*Role][]string // of their rules
	stack    []*node
	count    int
}

// node is a ClusterRole on the way.
type node struct {
	place     int // among the roles
	selectors []selector
	found     int // when it was first seen, from 1
	earliest  int // the first seen that it leads back to
	open      bool
	selected  bool // something
	from      set  // whose rules it holds: places of roles
	cycle     *node
}

func newNode(place, roles int, rule *rbacv1.AggregationRule) *node {
	n := &node{place: place}
	if rule == nil {
		return n
	}
	for i := range rule.ClusterRoleSelectors {
		compiled, err := metav1.LabelSelectorAsSelector(&rule.ClusterRoleSelectors[i])
		if err != nil { // the controller then leaves the role alone
			n.selectors = nil
			return n
		}
		n.selectors = append(n.selectors, selectorOf(compiled, rule.ClusterRoleSelectors[i].MatchLabels))
	}
	n.from = make(set, (roles+63)/64)
	return n
}

func (n *node) selects() bool { return len(n.selectors) > 0 }

// selector chooses roles, all of which have a label; empty where it does not ask for one by its value.
type selector struct {
	labels.Selector
	label string
}

func selectorOf(compiled labels.Selector, matchLabels map[string]string) selector {
	s := selector{Selector: compiled}
	for name, value := range matchLabels { // any of them
		s.label = name + "=" + value
	}
	return s
}

// picked returns what a role selects, in order, each once.
func (a *aggregation) picked(n *node) []*Role {
	var places []int
	for _, s := range n.selectors {
		candidates := a.roles
		if s.label != "" {
			candidates = a.labelled[s.label]
		}
		for _, role := range candidates {
			if s.Matches(labels.Set(role.Labels)) {
				places = append(places, a.nodes[role].place)
			}
		}
	}
	slices.Sort(places)
	places = slices.Compact(places)
	picked := make([]*Role, len(places))
	for i, place := range places {
		picked[i] = a.roles[place]
	}
	return picked
}

// visit gathers what a role selects. When it is done, the roles that were seen after it and lead back to it are one cycle.
func (a *aggregation) visit(role *Role, n *node) {
	a.count++
	n.found, n.earliest, n.open = a.count, a.count, true
	a.stack = append(a.stack, n)
	for _, other := range a.picked(n) {
		if other.Ref == role.Ref {
			continue
		}
		n.selected = true
		a.follow(n, other)
	}
	if n.earliest == n.found {
		a.close(n)
	}
}

func (a *aggregation) follow(n *node, other *Role) {
	o := a.nodes[other]
	if !o.selects() {
		n.from.add(o.place)
		return
	}
	if o.found == 0 {
		a.visit(other, o)
	}
	if o.open {
		n.earliest = min(n.earliest, o.earliest)
		return
	}
	n.from.addAll(o.cycle.from)
}

// close ends a cycle, mostly of one role: all in it hold the same.
func (a *aggregation) close(first *node) {
	begin := len(a.stack) - 1
	for a.stack[begin] != first {
		begin--
	}
	members := a.stack[begin:]
	for _, n := range members {
		n.open, n.cycle = false, first
		first.from.addAll(n.from)
		if len(members) > 1 || !n.selected {
			first.from.add(n.place)
		}
	}
	a.stack = a.stack[:begin]
}

// fill writes the rules when all is read.
func (a *aggregation) fill() {
	filled := map[*node][]rbacv1.PolicyRule{}
	for _, role := range a.roles {
		if n := a.nodes[role]; n.selects() && n.cycle == n {
			filled[n] = a.rules(n.from)
		}
	}
	for _, role := range a.roles {
		if n := a.nodes[role]; n.selects() {
			role.Rules = filled[n.cycle]
		}
	}
}

// rules returns the rules of the roles in a set, each rule once.
func (a *aggregation) rules(from set) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	seen := map[string]bool{}
	for i, role := range a.roles {
		if !from.has(i) {
			continue
		}
		for j, text := range a.textsOf(role) {
			if !seen[text] {
				seen[text] = true
				rules = append(rules, role.Rules[j])
			}
		}
	}
	return rules
}

// textsOf returns the rules of a role as texts, which are made once: many may take them up.
func (a *aggregation) textsOf(role *Role) []string {
	texts, known := a.texts[role]
	if known {
		return texts
	}
	for i := range role.Rules {
		rule := &role.Rules[i]
		// Quoted, so that ["get list"] is not ["get", "list"].
		texts = append(texts, fmt.Sprintf("%q", [][]string{rule.Verbs, rule.APIGroups, rule.Resources, rule.ResourceNames, rule.NonResourceURLs}))
	}
	a.texts[role] = texts
	return texts
}

// set holds numbers, a bit for each.
type set []uint64

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) addAll(other set) {
	for i := range other {
		s[i] |= other[i]
	}
}
