package network

import "slices"

// Guard is the default deny of a namespace in one direction: what is denied to every pod of it, also to the next one that
// comes, unless a rule allows it.
type Guard struct {
	// By is the first policy by name that selects every pod of the namespace in the direction; nil where there is none.
	By *Policy

	// Undone is what in the policies that select every pod lets everything through, so that nothing is denied; nil where
	// nothing does.
	Undone []Opening
}

// Denies says whether there is a default deny.
func (g Guard) Denies() bool { return g.By != nil && len(g.Undone) == 0 }

// DefaultDeny returns the default deny of a namespace in the direction. The policies are those of the namespace.
//
// A policy that selects every pod is one, with `ingress: []`, and also with rules that let something particular through, such
// as DNS: all else is denied. Rules that let everything through undo it, whichever of the policies that select every pod they
// are in, because policies only add to what is allowed. Several policies that each select some of the pods are none,
// whichever pods there are: the next pod may be selected by none of them. Source: Kubernetes documentation, Network Policies,
// default policies.
func DefaultDeny(policies []*Policy, d Direction) Guard {
	var guard Guard
	undone, blocks := false, 0
	for _, policy := range policies {
		if !policy.guards(d) {
			continue
		}
		if guard.By == nil || byName(policy, guard.By) < 0 {
			guard.By = policy
		}
		undone = undone || len(policy.all[d]) > 0
		if policy.blocks[d] {
			blocks++
		}
	}
	if undone || blocks > 1 { // of which none may be all addresses, and all together are
		guard.Undone, _ = allowAll(guarding(policies, d), d)
	}
	return guard
}

// guards says whether the policy isolates every pod of its namespace in the direction.
func (p *Policy) guards(d Direction) bool { return p.isolates[d] && p.SelectsAll() }

func guarding(policies []*Policy, d Direction) []*Policy {
	found := slices.DeleteFunc(slices.Clone(policies), func(p *Policy) bool { return !p.guards(d) })
	slices.SortFunc(found, byName)
	return found
}
