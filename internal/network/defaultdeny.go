package network

import (
	"slices"

	"plumbline.dev/plumbline/internal/workload"
)

// Guard is the default deny of a namespace in one direction: what is denied to every pod of it, also to the next one that
// comes, unless a rule allows it.
type Guard struct {
	// By is the first policy by name that selects every pod of the namespace in the direction; nil where there is none.
	By *Policy

	// Undone is what lets everything through to the next pod, so that nothing is denied to it; nil where nothing does. It must not
	// be changed.
	Undone []Opening
}

// Denies says whether there is a default deny.
func (g Guard) Denies() bool { return g.By != nil && len(g.Undone) == 0 }

// Lost says in words what a namespace has no more when it has no default deny in the direction.
func (d Direction) Lost() string { return "default deny for " + d.String() }

// DefaultDeny returns the default deny of a namespace in the direction. The policies are those of the namespace.
//
// A policy that selects every pod is one, with `ingress: []`, and also with rules that let something particular through, such
// as DNS: all else is denied. Rules that let everything through undo it, see Everything, whichever policies they are in,
// because policies only add to what is allowed: in those that select every pod, and in those that select a pod without labels,
// such as one with `operator: DoesNotExist`, which the next pod is as good as sure to match. Several policies that each select
// some of the pods are none, whichever pods there are: the next pod may be selected by none of them. Source: Kubernetes
// documentation, Network Policies, default policies.
func DefaultDeny(policies []*Policy, d Direction) Guard {
	var guard Guard
	undone, most := false, [2]float64{}
	for _, policy := range policies {
		if policy.Guards(d) && (guard.By == nil || byName(policy, guard.By) < 0) {
			guard.By = policy
		}
		if policy.catches(d) {
			sums := policy.sum()
			undone = undone || len(sums.all[d].By) > 0
			for i := range streams {
				most[i] += sums.most[d][i]
			}
		}
	}
	if guard.By != nil && (undone || max(most[0], most[1]) > mostPorts*almost) {
		caught := catching(policies, d)
		guard.Undone = once(&caught[0].all[d], caught, func(policies []*Policy) Everything {
			all, _ := allowAll(policies, d)
			return all
		}).By
	}
	return guard
}

// Guards says whether the policy isolates every pod of its namespace in the direction, also those that are yet to come.
func (p *Policy) Guards(d Direction) bool { return p.isolates[d] && p.SelectsAll() }

// catches says whether the policy isolates in the direction a pod that has no labels, or may, as it may get some with its node.
func (p *Policy) catches(d Direction) bool { return p.isolates[d] && p.pods.matches(&bare, may) }

// bare is a pod that has no labels.
var bare = Pod{Added: workload.ScheduledLabels()}

func catching(policies []*Policy, d Direction) []*Policy {
	found := slices.DeleteFunc(slices.Clone(policies), func(p *Policy) bool { return !p.catches(d) })
	slices.SortFunc(found, byName)
	return found
}
