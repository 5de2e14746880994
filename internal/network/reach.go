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

	// By is what opens the way where the verdict is Allowed.
	By []Opening

	// Together says that what is in By opens the way together, and nothing of it alone.
	Together bool
}

// Reaches says whether the policies let the pod reach the address, which is no pod's, on the port; the zero Port is any. A
// pod that no policy isolates for egress reaches everything. By is every rule that allows it.
func Reaches(policies []*Policy, pod *Pod, addr netip.Addr, port Port) Reach {
	if pod.HostNetwork {
		return Reach{Verdict: HostNetwork}
	}
	if !Isolated(policies, pod, Egress) {
		return Reach{Verdict: Unisolated}
	}
	addr = addr.Unmap()
	found := Reach{}
	for _, policy := range policies {
		if !policy.isolatesPod(pod, Egress, may) {
			continue
		}
		policy.eachOpening(Egress, func(o Opening) bool {
			if o.rule().allowsPort(nil, port) && (o.Peer == NoPeer || o.rule().peers[o.Peer].contains(addr)) {
				found.Verdict, found.By = Allowed, append(found.By, o)
			}
			return true
		})
	}
	slices.SortStableFunc(found.By, func(a, b Opening) int { return byName(a.Policy, b.Policy) })
	return found
}

// eachOpening goes over the rules of policies, peer by peer, until visit returns false.
func eachOpening(policies []*Policy, d Direction, visit func(Opening) bool) {
	for _, policy := range policies {
		if !policy.eachOpening(d, visit) {
			return
		}
	}
}

// eachOpening goes over the rules of the policy, peer by peer, and says whether visit always returned true.
func (p *Policy) eachOpening(d Direction, visit func(Opening) bool) bool {
	for i := range p.rules[d] {
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

// opening returns the openings of policies to the internet that make it the internet: those that do so alone, and if there
// are none, the largest until they do so together.
func opening(policies []*Policy) (by []Opening, together bool) {
	type part struct {
		Opening
		public set
		large  float64
	}
	var parts []part
	eachOpening(policies, Egress, func(o Opening) bool {
		if o.rule().allowsPort(nil, Port{}) {
			if opened := o.addresses().publicPart(); len(opened) > 0 {
				parts = append(parts, part{o, opened, opened.large()})
			}
		}
		return true
	})
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.large, a.large) })
	var all set
	for _, each := range parts {
		if each.large < 1 && all.large() >= 1 {
			break
		}
		all = all.union(each.public)
		by = append(by, each.Opening)
	}
	return by, parts[0].large < 1
}
