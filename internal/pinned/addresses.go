package pinned

import (
	"cmp"
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	netutils "k8s.io/utils/net"
)

// stretch is a run of addresses of one family, both ends included, that is admitted on ports.
type stretch struct {
	from, to netip.Addr
	ports    ports
}

// stretchesOf returns the addresses of a block without those that it leaves out. The policy has been compiled before, so
// that what cannot be read does not get here.
func stretchesOf(block *networkingv1.IPBlock, on ports) []stretch {
	whole, ok := stretchOf(block.CIDR)
	if !ok {
		return nil
	}
	var without []stretch
	for _, text := range block.Except {
		if left, ok := stretchOf(text); ok {
			without = append(without, left)
		}
	}
	slices.SortFunc(without, func(a, b stretch) int { return a.from.Compare(b.from) })
	var all []stretch
	at := whole.from
	for _, hole := range without {
		if at.Less(hole.from) {
			all = append(all, stretch{at, hole.from.Prev(), on})
		}
		if hole.to.Less(at) {
			continue
		}
		if at = hole.to.Next(); !at.IsValid() || whole.to.Less(at) {
			return all
		}
	}
	return append(all, stretch{at, whole.to, on})
}

// stretchOf reads what the API server has ever accepted as a block: see internal/network.
func stretchOf(text string) (stretch, bool) {
	_, parsed, err := netutils.ParseCIDRSloppy(text)
	if err != nil {
		return stretch{}, false
	}
	addr, _ := netip.AddrFromSlice(parsed.IP)
	bits, size := parsed.Mask.Size()
	if addr.Is4In6() && bits >= size-32 {
		addr, bits = addr.Unmap(), bits-(size-32)
	}
	prefix := netip.PrefixFrom(addr, bits).Masked()
	return stretch{from: prefix.Addr(), to: lastOf(prefix)}, prefix.IsValid()
}

func lastOf(prefix netip.Prefix) netip.Addr {
	last := prefix.Addr().AsSlice()
	for i := prefix.Bits(); i >= 0 && i < len(last)*8; i++ {
		last[i/8] |= 1 << (7 - i%8)
	}
	addr, _ := netip.AddrFromSlice(last)
	return addr
}

// mergedStretches makes one of those that are the same but for their ports, and sorts them.
func mergedStretches(all []stretch) []stretch {
	slices.SortStableFunc(all, func(a, b stretch) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	var merged []stretch
	for _, next := range all {
		if last := len(merged) - 1; last >= 0 && merged[last].from == next.from && merged[last].to == next.to {
			merged[last].ports = merged[last].ports.union(next.ports)
			continue
		}
		merged = append(merged, next)
	}
	return merged
}

// maxSweep bounds the work of comparing blocks that overlap. Policies of people need a thousandth of it. Beyond, blocks are
// compared as they are written.
const maxSweep = 1 << 20

// blocksBeyond returns the addresses that are admitted on ports on which the other does not admit them.
func (t *traffic) blocksBeyond(other *traffic, said ports) []string {
	if len(t.blocks) == 0 {
		return nil
	}
	s := &sweep{left: maxSweep, points: boundaries(t.blocks, other.blocks)}
	s.mine.waiting, s.its.waiting = t.blocks, other.blocks
	var rest []stretch
	for i := range s.points {
		admitted, declared := s.at(i)
		if s.left < 0 {
			return asWritten(t.blocks, other.blocks)
		}
		if on := admitted.minus(said).minus(declared); !on.empty() {
			rest = append(rest, stretch{s.points[i], s.end(i), on})
		}
	}
	all := make([]string, 0, len(rest))
	for _, each := range connected(rest) {
		all = append(all, each.String())
	}
	return all
}

// boundaries are the addresses at which a block of either list begins, or the first behind one, in order.
func boundaries(lists ...[]stretch) []netip.Addr {
	var points []netip.Addr
	for _, list := range lists {
		for _, each := range list {
			points = append(points, each.from)
			if next := each.to.Next(); next.IsValid() {
				points = append(points, next)
			}
		}
	}
	slices.SortFunc(points, netip.Addr.Compare)
	return slices.Compact(points)
}

// sweep goes over addresses from boundary to boundary. Between two of them nothing changes.
type sweep struct {
	points    []netip.Addr
	mine, its front
	left      int
}

// front is where a sweep stands in one list of blocks: those it has not come to, and those it is in.
type front struct{ waiting, in []stretch }

// at returns the ports on which the addresses from a boundary on are admitted. Boundaries are asked for in order.
func (s *sweep) at(i int) (mine, its ports) {
	return s.ports(&s.mine, s.points[i]), s.ports(&s.its, s.points[i])
}

func (s *sweep) ports(f *front, at netip.Addr) ports {
	f.in = slices.DeleteFunc(f.in, func(each stretch) bool { return each.to.Less(at) })
	for len(f.waiting) > 0 && !at.Less(f.waiting[0].from) {
		f.in = append(f.in, f.waiting[0])
		f.waiting = f.waiting[1:]
	}
	var on ports
	for i := range f.in {
		if s.left -= 1 + len(f.in[i].ports.spans) + len(f.in[i].ports.names); s.left < 0 {
			return ports{}
		}
		on = on.union(f.in[i].ports)
	}
	return on
}

// end returns the last address before the next boundary.
func (s *sweep) end(i int) netip.Addr {
	if i+1 < len(s.points) && s.points[i+1].BitLen() == s.points[i].BitLen() {
		return s.points[i+1].Prev()
	}
	return lastOf(netip.PrefixFrom(s.points[i], 0))
}

// connected makes one of stretches that follow each other on the same ports.
func connected(all []stretch) []stretch {
	var one []stretch
	for _, next := range all {
		if last := len(one) - 1; last >= 0 && one[last].to.Next() == next.from && one[last].ports.equal(next.ports) {
			one[last].to = next.to
			continue
		}
		one = append(one, next)
	}
	return one
}

// asWritten returns the stretches that are not among others, literally.
func asWritten(mine, its []stretch) []string {
	known := make(map[string]bool, len(its))
	for _, each := range its {
		known[each.String()] = true
	}
	var all []string
	for _, each := range mine {
		if words := each.String(); !known[words] {
			all = append(all, words)
		}
	}
	return all
}

// String returns the addresses as a block where they are one, such as "10.0.0.0/8 on 80/TCP".
func (s stretch) String() string {
	for bits := range s.from.BitLen() + 1 {
		if prefix := netip.PrefixFrom(s.from, bits); prefix.Masked().Addr() == s.from && lastOf(prefix) == s.to {
			return prefix.String() + " on " + s.ports.String()
		}
	}
	return s.from.String() + "-" + s.to.String() + " on " + s.ports.String()
}
