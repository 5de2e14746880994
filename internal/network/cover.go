package network

import (
	"cmp"
	"net/netip"
	"slices"
)

// maxTurns bounds how often addresses are counted while going over the ports: a policy of 1.5 MiB has room for a rule of 30,000
// ranges of ports to 60,000 blocks beside another, and nobody writes such to say something else than everything.
const maxTurns = 1 << 17

// everything says whether parts open most ports of a protocol to everybody, or to the internet, all together.
func everything(parts []part) bool {
	bundles := bundled(parts)
	for protocol := range streams {
		if openPorts(bundles, protocol) > mostPorts {
			return true
		}
	}
	return false
}

// bundled joins the parts of each rule, which all open the same ports.
func bundled(parts []part) []part {
	of := map[*rule]int{}
	var bundles []part
	for i := range parts {
		one := &parts[i]
		at, known := of[one.rule()]
		if !known {
			at = len(bundles)
			of[one.rule()] = at
			bundles = append(bundles, part{Opening: one.Opening, ports: one.ports})
		}
		bundles[at].everybody = bundles[at].everybody || one.everybody
		bundles[at].public = append(bundles[at].public, one.public...)
	}
	for i := range bundles {
		one := &bundles[i]
		one.public = joined(one.public)
		if one.share = one.public.large(); one.everybody {
			one.share = 1
		}
		for j := range streams {
			one.area[j] = min(1, one.share) * float64(portsIn(one.ports[j]))
		}
	}
	return bundles
}

// turn is where a part begins or ceases to be open.
type turn struct {
	port  int32
	part  *part
	delta int
}

// openPorts counts the ports of a protocol that are open to everybody, or to the internet.
func openPorts(bundles []part, protocol int) float64 {
	alone, most, turns := 0., 0., 0
	for i := range bundles {
		one := &bundles[i]
		if one.share >= 1 {
			alone = max(alone, one.area[protocol])
		}
		most += one.area[protocol]
		turns += len(one.ports[protocol]) * len(one.public)
	}
	switch {
	case len(bundles) == 1 || most <= mostPorts*almost:
		return alone
	case turns > maxTurns:
		return most
	}
	return float64(sweep(bundles, protocol))
}

// sweep goes over the ports, and keeps count of the addresses that are open on each.
func sweep(bundles []part, protocol int) int32 {
	var turns []turn
	for i := range bundles {
		for _, each := range bundles[i].ports[protocol] {
			turns = append(turns, turn{each.from, &bundles[i], 1}, turn{each.to + 1, &bundles[i], -1})
		}
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Compare(a.port, b.port) })
	open, everybody, addresses := int32(0), 0, newCover(bundles)
	for i, each := range turns {
		if i > 0 && (everybody > 0 || addresses.large()) {
			open += each.port - turns[i-1].port
		}
		if each.part.everybody {
			everybody += each.delta
		}
		for _, covered := range each.part.public {
			addresses.add(covered, each.delta)
		}
	}
	return open
}

// cover counts the addresses that are in any of some spans, of each family, while spans come and go. It is a tree over the
// runs of addresses between the ends of spans: a node knows how often all of it is covered, and how much of it is.
type cover struct {
	ends  []netip.Addr
	sizes [][2]float64 // of all runs before one
	times []int
	sums  [][2]float64
}

func newCover(parts []part) *cover {
	c := &cover{}
	for i := range parts {
		for _, each := range parts[i].public { // which never end where a family ends
			c.ends = append(c.ends, each.from, each.to.Next())
		}
	}
	slices.SortFunc(c.ends, netip.Addr.Compare)
	c.ends = slices.Compact(c.ends)
	c.sizes = make([][2]float64, len(c.ends))
	for i := range max(0, len(c.ends)-1) {
		c.sizes[i+1] = c.sizes[i]
		run := span{c.ends[i], c.ends[i+1].Prev()}
		switch {
		case run.from.BitLen() != run.to.BitLen(): // nothing lies between the families
		case run.from.Is4():
			c.sizes[i+1][0] += run.size()
		default:
			c.sizes[i+1][1] += run.size()
		}
	}
	const perRun = 4
	c.times, c.sums = make([]int, perRun*len(c.ends)), make([][2]float64, perRun*len(c.ends))
	return c
}

// large says whether what is covered is the internet.
func (c *cover) large() bool {
	return len(c.sums) > 1 && max(c.sums[1][0]/manyOfV4, c.sums[1][1]/manyOfV6) >= 1
}

// add covers a span once more, or once less.
func (c *cover) add(s span, delta int) {
	from, _ := slices.BinarySearchFunc(c.ends, s.from, netip.Addr.Compare)
	to, _ := slices.BinarySearchFunc(c.ends, s.to.Next(), netip.Addr.Compare)
	c.addTo(1, [2]int{0, len(c.ends) - 1}, [2]int{from, to}, delta)
}

// addTo covers of a node, which holds some runs, those that are among others.
func (c *cover) addTo(node int, runs, covered [2]int, delta int) {
	left, right, middle := 2*node, 2*node+1, (runs[0]+runs[1])/2
	if covered[0] <= runs[0] && runs[1] <= covered[1] {
		c.times[node] += delta
	} else {
		if covered[0] < middle {
			c.addTo(left, [2]int{runs[0], middle}, covered, delta)
		}
		if middle < covered[1] {
			c.addTo(right, [2]int{middle, runs[1]}, covered, delta)
		}
	}
	switch {
	case c.times[node] > 0:
		c.sums[node] = [2]float64{c.sizes[runs[1]][0] - c.sizes[runs[0]][0], c.sizes[runs[1]][1] - c.sizes[runs[0]][1]}
	case runs[1]-runs[0] == 1:
		c.sums[node] = [2]float64{}
	default:
		c.sums[node] = [2]float64{c.sums[left][0] + c.sums[right][0], c.sums[left][1] + c.sums[right][1]}
	}
}
