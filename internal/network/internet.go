package network

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sort"
)

// A pod reaches the internet when the addresses that its policies open, taken together and exactly, hold a large part of
// the public ones: a sixteenth of those of IPv4, or as many as a /12 of IPv6.
//
// Neither the prefix 0.0.0.0/0 nor any other is what counts, because the same comes as 0.0.0.0/0 without the private ranges,
// as 0.0.0.0/1 beside 128.0.0.0/1, and as many smaller blocks in several policies. On the other hand, a rule to the
// addresses of a partner is not the internet, and neither is one to all of a large provider. The line lies where nothing
// legitimate is near: the largest provider publishes less than a twentieth of IPv4, and a slip of the keyboard such as
// 10.0.0.0/4 opens more than a sixteenth. Of IPv6, a /12 is what IANA hands out to the registry of a continent, while the
// largest providers publish less than a /20.
//
// Public is what the special-purpose address registries of IANA (RFC 6890) do not keep from being reached globally, and what
// NAT64 (RFC 6052) translates into it.
var (
	publicIPv4 = setOf(prefix("0.0.0.0/0")).minus(setOf(
		prefix("0.0.0.0/8"),       // this network
		prefix("10.0.0.0/8"),      // private
		prefix("100.64.0.0/10"),   // shared, carrier-grade NAT
		prefix("127.0.0.0/8"),     // loopback
		prefix("169.254.0.0/16"),  // link-local, and metadata of clouds
		prefix("172.16.0.0/12"),   // private
		prefix("192.0.0.0/24"),    // protocol assignments
		prefix("192.0.2.0/24"),    // documentation
		prefix("192.88.99.0/24"),  // 6to4 relays, gone
		prefix("192.168.0.0/16"),  // private
		prefix("198.18.0.0/15"),   // benchmarks
		prefix("198.51.100.0/24"), // documentation
		prefix("203.0.113.0/24"),  // documentation
		prefix("224.0.0.0/4"),     // multicast
		prefix("240.0.0.0/4"),     // reserved, and broadcast
	))
	publicIPv6 = setOf(prefix("2000::/3")).minus(setOf(
		prefix("2001::/23"),     // protocol assignments
		prefix("2001:db8::/32"), // documentation
		prefix("3fff::/20"),     // documentation
	))
	public = publicIPv4.union(publicIPv6)

	everyIPv4 = setOf(prefix("0.0.0.0/0"))
	everyIPv6 = setOf(prefix("::/0"))
	everyAddr = everyIPv4.union(everyIPv6)

	nat64    = setOf(prefix("64:ff9b::/96"))
	manyOfV4 = sixteenth(publicIPv4)
	manyOfV6 = math.Exp2(128 - 12)
)

// almost leaves room for what is lost where sizes of sets are added.
const almost = 0.999

// v4InNAT64 is the first of the bytes of an address of NAT64 that hold the IPv4 address.
const v4InNAT64 = 12

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

func sixteenth(s set) float64 {
	v4, _ := s.size()
	return v4 / 16
}

// large says how large a part of the internet the public addresses are: 1 and more is the internet.
func (s set) large() float64 {
	v4, v6 := s.size()
	return max(v4/manyOfV4, v6/manyOfV6)
}

// publicPart is what of the set is in the internet, with what NAT64 makes of it.
func (s set) publicPart() set {
	all := s
	if through := s.both(nat64); len(through) > 0 {
		translated := make([]span, len(through))
		for i, each := range through {
			translated[i] = span{embedded(each.from), embedded(each.to)}
		}
		all = joined(append(translated, s...))
	}
	return all.both(public)
}

func embedded(addr netip.Addr) netip.Addr {
	whole := addr.As16()
	v4, _ := netip.AddrFromSlice(whole[v4InNAT64:])
	return v4
}

// Internet says whether the policies let the pod reach the internet, on any port, and which rules open it: those that do so
// alone, or else the largest that do so together; the largest first, then by policy and block. What the internet is stands above. A pod that no policy isolates for egress
// reaches it. A named port opens nothing, because it names a port of a pod.
func Internet(policies []*Policy, pod *Pod) Reach {
	if pod.HostNetwork {
		return Reach{Verdict: HostNetwork}
	}
	v4, v6 := 0., 0.
	for _, policy := range policies {
		if policy.isolatesPod(pod, Egress, may) {
			sums := policy.sum()
			v4, v6 = v4+sums.v4, v6+sums.v6
		}
	}
	switch {
	case !Isolated(policies, pod, Egress):
		return Reach{Verdict: Unisolated}
	case max(v4/manyOfV4, v6/manyOfV6) < almost: // what overlaps was counted more than once
		return Reach{Verdict: Denied}
	}
	selecting := Selecting(policies, pod, Egress)
	return once(&selecting[0].internet, selecting, reachTogether)
}

// reachTogether says what the policies, of which each isolates the pod, open together of the internet.
func reachTogether(selecting []*Policy) Reach {
	var all []span
	for _, policy := range selecting {
		all = append(all, policy.sum().public...)
	}
	if joined(all).large() < 1 {
		return Reach{Verdict: Denied}
	}
	by, together := toInternet(selecting)
	return Reach{Allowed, firstOfEach(by), together}
}

// toInternet returns the openings of policies to the internet that make it the internet: those that do so alone, and if there
// are none, the largest until they do so together.
func toInternet(policies []*Policy) (by []Opening, together bool) {
	var parts []part
	eachOpening(policies, Egress, opensPort, func(o Opening) bool {
		if opened := o.addresses().publicPart(); len(opened) > 0 {
			parts = append(parts, part{Opening: o, public: opened, share: opened.large()})
		}
		return true
	})
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(b.share, a.share), byBlock(a.Opening, b.Opening)) })
	n := sort.Search(len(parts), func(n int) bool { return parts[n].share < 1 })
	if n > 0 {
		return openingsOf(parts[:n]), false
	}
	all := newCover(parts)
	for ; n < len(parts) && !all.large(); n++ {
		for _, covered := range parts[n].public {
			all.add(covered, 1)
		}
	}
	return openingsOf(parts[:n]), true
}

func openingsOf(parts []part) []Opening {
	openings := make([]Opening, len(parts))
	for i := range parts {
		openings[i] = parts[i].Opening
	}
	return openings
}

// opensPort says whether a rule opens a port of what is no pod.
func opensPort(r *rule) bool { return r.allowsPort(nil, Port{}) }

// opened is what the egress rules of the policy open of the internet.
func (p *Policy) opened() set {
	var all []span
	for i := range p.rules[Egress] {
		r := &p.rules[Egress][i]
		if !opensPort(r) {
			continue
		}
		if len(r.peers) == 0 {
			return public
		}
		for j := range r.peers {
			all = append(all, r.peers[j].addresses()...)
		}
	}
	return joined(all).publicPart()
}

// addresses are those of the block; none for a peer that is pods.
func (p *peer) addresses() set {
	if p.pods != nil {
		return nil
	}
	return setOf(p.cidr).minus(setOf(p.except...))
}
