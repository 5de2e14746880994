package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Verdict says what policies make of traffic.
type Verdict int

// The verdicts. The zero value closes.
const (
	// Denied: policies isolate the pod, and no rule of them allows the traffic.
	Denied Verdict = iota
	// Allowed: policies isolate the pod, and a rule allows the traffic.
	Allowed
	// Unisolated: no policy isolates the pod in the direction, so that it lets everything through.
	Unisolated
	// HostNetwork: the pod, or the one at the other end, is on the host's network, where policies say nothing. It is neither
	// allowed nor denied.
	HostNetwork
)

// String returns the verdict for logs and tests.
func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "allowed"
	case Unisolated:
		return "not isolated"
	case HostNetwork:
		return "on the host's network"
	}
	return "denied"
}

// Passes says whether the traffic gets through for certain.
func (v Verdict) Passes() bool { return v == Allowed || v == Unisolated }

// Opening is what lets traffic through: a rule of a policy, or one peer of it.
type Opening struct {
	// Policy is the one that holds the rule.
	Policy *Policy

	// Direction says of which list the rule is.
	Direction Direction

	// Rule is its index.
	Rule int

	// Peer is the index of the entry in from or to, or NoPeer where the rule names none and so lets everybody through.
	Peer int
}

// NoPeer is the Peer of a rule without peers.
const NoPeer = -1

// Path returns where in the policy the opening stands, such as spec.ingress[0].from[1].
func (o Opening) Path() string {
	path := fmt.Sprintf("spec.%s[%d]", o.Direction, o.Rule)
	if o.Peer == NoPeer {
		return path
	}
	side := "from"
	if o.Direction == Egress {
		side = "to"
	}
	return fmt.Sprintf("%s.%s[%d]", path, side, o.Peer)
}

// Field returns the list that the rule stands in, such as spec.ingress: where the opening is however the rules are ordered.
func (o Opening) Field() string { return "spec." + o.Direction.String() }

// block tells the opening from those that let something else through, wherever in the policy they stand.
func (o Opening) block() block {
	cidr, _ := o.CIDR()
	return block{o.Policy, cidr}
}

// block is one block of addresses of a policy, or the zero Prefix for everybody.
type block struct {
	policy *Policy
	cidr   netip.Prefix
}

// compare orders by policy, and blocks before everybody.
func (b block) compare(other block) int {
	if b.cidr.IsValid() != other.cidr.IsValid() {
		return cmp.Or(byName(b.policy, other.policy), -b.cidr.Compare(other.cidr))
	}
	return cmp.Or(byName(b.policy, other.policy), b.cidr.Compare(other.cidr))
}

// byBlock orders openings by what they let through, and only of the same by the places of the rules.
func byBlock(a, b Opening) int {
	return cmp.Or(a.block().compare(b.block()), byPlace(a, b))
}

// byPlace orders openings by where they stand.
func byPlace(a, b Opening) int {
	return cmp.Or(byName(a.Policy, b.Policy), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Peer, b.Peer))
}

// Distinct leaves of openings one for each block of addresses of each policy, and one for everybody, in this order: rules of one
// policy that let the same through differ only in where they stand.
func Distinct(openings []Opening) []Opening {
	kept := firstOfEach(openings)
	slices.SortFunc(kept, byBlock)
	return kept
}

// firstOfEach leaves of openings the first for each block of addresses of each policy, and the first for everybody.
func firstOfEach(openings []Opening) []Opening {
	seen := map[block]bool{}
	var kept []Opening
	for _, o := range openings {
		if b := o.block(); !seen[b] {
			seen[b] = true
			kept = append(kept, o)
		}
	}
	return kept
}

// CIDR returns the block of addresses that the opening is, without what it leaves out; false where it is pods or everybody.
func (o Opening) CIDR() (netip.Prefix, bool) {
	if o.Peer == NoPeer {
		return netip.Prefix{}, false
	}
	p := &o.rule().peers[o.Peer]
	return p.cidr, p.pods == nil
}

// String returns the opening for messages, such as "NetworkPolicy shop/web spec.egress[0].to[0] (0.0.0.0/0)".
func (o Opening) String() string {
	text := o.Policy.String() + " " + o.Path()
	if cidr, ok := o.CIDR(); ok {
		return text + " (" + cidr.String() + ")"
	}
	return text
}

// Ports returns the ports that the opening lets through in words, such as "80/TCP, http/TCP" or "every port"; of many the first.
func (o Opening) Ports() string {
	const shown = 4
	var words []string
	for i := range o.rule().ports {
		if i == shown {
			return strings.Join(words, ", ") + " and more"
		}
		words = append(words, o.rule().ports[i].words())
	}
	return cmp.Or(strings.Join(words, ", "), "every port")
}

func (o Opening) rule() *rule { return &o.Policy.rules[o.Direction][o.Rule] }

// addresses are those that the opening lets through, on some port or another.
func (o Opening) addresses() set {
	if o.Peer == NoPeer {
		return everyAddr
	}
	return o.rule().peers[o.Peer].addresses()
}

// Reach is what a pod can get to.
type Reach struct {
	Verdict Verdict

	// By is what opens the way where the verdict is Allowed: each block of addresses of a policy once, see Distinct. It must
	// not be changed.
	By []Opening

	// Together says that what is in By opens the way together, and nothing of it alone.
	Together bool
}

// Reaches says whether the policies let the pod reach the address, which is no pod's, on the port; the zero Port is any. A
// pod that no policy isolates for egress reaches everything. By is all that allows it.
func Reaches(policies []*Policy, pod *Pod, addr netip.Addr, port Port) Reach {
	if pod.HostNetwork {
		return Reach{Verdict: HostNetwork}
	}
	if !Isolated(policies, pod, Egress) {
		return Reach{Verdict: Unisolated}
	}
	addr = addr.Unmap()
	found := Reach{}
	var seen map[block]bool
	open := func(r *rule) bool { return r.allowsPort(nil, port) }
	for _, policy := range policies {
		if !policy.isolatesPod(pod, Egress, may) {
			continue
		}
		policy.eachOpening(Egress, open, func(o Opening) bool {
			if o.Peer != NoPeer && !o.rule().peers[o.Peer].contains(addr) || seen[o.block()] {
				return true
			}
			if seen == nil {
				seen = map[block]bool{}
			}
			seen[o.block()] = true
			found.Verdict, found.By = Allowed, append(found.By, o)
			return true
		})
	}
	slices.SortFunc(found.By, byBlock)
	return found
}

// eachOpening goes over the rules of policies that are open, peer by peer, until visit returns false. A rule is asked for once,
// because it may have as many ports as peers.
func eachOpening(policies []*Policy, d Direction, open func(*rule) bool, visit func(Opening) bool) {
	for _, policy := range policies {
		if !policy.eachOpening(d, open, visit) {
			return
		}
	}
}

// eachOpening goes over the rules of the policy, and says whether visit always returned true.
func (p *Policy) eachOpening(d Direction, open func(*rule) bool, visit func(Opening) bool) bool {
	for i := range p.rules[d] {
		if !open(&p.rules[d][i]) {
			continue
		}
		n := len(p.rules[d][i].peers)
		if n == 0 && !visit(Opening{p, d, i, NoPeer}) {
			return false
		}
		for j := range n {
			if !visit(Opening{p, d, i, j}) {
				return false
			}
		}
	}
	return true
}
