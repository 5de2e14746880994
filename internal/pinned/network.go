package pinned

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/network"
)

// comparePolicy returns how NetworkPolicies are compared: by the pods they select, the directions they isolate, and what
// their rules admit together. Peers that are pods are compared by their selectors, and blocks by their addresses: whether
// a block holds the address of a pod nobody can tell.
func comparePolicy(declared runtime.Object, c *compiler) compiled {
	policy, ok := declared.(*networkingv1.NetworkPolicy)
	if !ok {
		return c.byFacts(declared, func(runtime.Object, *facts) {})
	}
	d := &policyComparer{match: c.match, chooses: requirementsOf(&policy.Spec.PodSelector)}
	d.free = c.match == Contains && !c.written("spec.podSelector")
	d.typed = c.match != Contains || len(policy.Spec.PolicyTypes) > 0
	for direction := range d.traffic {
		d.traffic[direction] = trafficOf(policy, network.Direction(direction))
	}
	return d.compare
}

// policyComparer holds a NetworkPolicy against the declared one.
type policyComparer struct {
	match   Match
	chooses []requirement
	free    bool // the pods are not declared
	typed   bool // the directions are declared
	traffic [2]traffic
}

func (d *policyComparer) compare(obj runtime.Object) []Difference {
	live, ok := obj.(*networkingv1.NetworkPolicy)
	if !ok {
		return nil
	}
	if _, err := network.Compile(live); err != nil { // what an API server accepted that was older or newer
		return []Difference{{Path: "spec", Value: unreadable, Expected: asDeclared, Actual: short(err.Error(), maxWords), Loosening: true}}
	}
	var found []Difference
	var now [2]traffic
	for direction := range now {
		now[direction] = trafficOf(live, network.Direction(direction))
	}
	if selects := requirementsOf(&live.Spec.PodSelector); !d.free && !slices.Equal(selects, d.chooses) {
		found = append(found, d.selector(selects, &now))
	}
	for direction := range now {
		found = append(found, d.direction(network.Direction(direction), &now[direction])...)
	}
	return found
}

// selector is the difference of a policy that selects other pods. One that selects more and admits nothing only isolates
// more.
func (d *policyComparer) selector(selects []requirement, now *[2]traffic) Difference {
	stricter := within(d.chooses, selects) && now[network.Ingress].admitsNothing() && now[network.Egress].admitsNothing()
	return Difference{
		Path: "spec.podSelector", Value: short(selectorWords(selects), maxValue), Expected: short(selectorWords(d.chooses), maxWords),
		Actual: short(selectorWords(selects), maxWords), Loosening: !stricter,
	}
}

// direction compares what is isolated and admitted in one direction. Rules of a direction that is not isolated have no
// effect.
func (d *policyComparer) direction(direction network.Direction, live *traffic) []Difference {
	var found []Difference
	declared := &d.traffic[direction]
	name := string(networkingv1.PolicyTypeIngress)
	if direction == network.Egress {
		name = string(networkingv1.PolicyTypeEgress)
	}
	switch isolation := (Difference{Path: "spec.policyTypes", Value: name}); {
	case declared.isolates && !live.isolates && d.typed:
		isolation.Expected, isolation.Actual, isolation.Loosening = name, none, true
		return []Difference{isolation} // without isolation, everything is admitted
	case !declared.isolates && live.isolates && d.match != Contains:
		isolation.Expected, isolation.Actual = none, name
		found = append(found, isolation)
	}
	return append(found, d.admitted("spec."+direction.String(), live, declared)...)
}

// admitted compares what the rules of one direction admit.
func (d *policyComparer) admitted(path string, live, declared *traffic) []Difference {
	var found []Difference
	if d.match != Contains {
		for _, more := range live.beyond(declared) {
			found = append(found, Difference{Path: path, Value: short(more, maxValue), Expected: none, Actual: short(more, maxWords), Loosening: true})
		}
	}
	if live.isolates {
		for _, less := range declared.beyond(live) {
			found = append(found, Difference{Path: path, Value: short(less, maxValue), Expected: short(less, maxWords), Actual: none})
		}
	}
	return found
}
