package network

import (
	"cmp"
	"slices"
	"sort"

	corev1 "k8s.io/api/core/v1"
)

// Everything is what lets everything through in a direction: everybody, or the internet, on most ports of TCP or of UDP.
//
// How it is spelled does not matter. `ingress: [{}]` is everything, and so are all ports of TCP and no more, 1-32767 beside
// 32768-65535, 2-65535, 0.0.0.0/1 beside 128.0.0.0/1, and 0.0.0.0/0 without 240.0.0.0/32, be it in one rule or in several.
// Most ports are more than half of them, which no list of what is needed makes. Where rules have so many ranges of ports and so
// many blocks that it would take long to count what is open twice, it counts twice: see maxTurns. Blocks are the internet as Internet has it: a
// block of private addresses, of a partner or of a provider is not. Next to nothing speaks SCTP, which does not count.
// `namespaceSelector: {}` is every pod of the cluster, and not everything.
type Everything struct {
	// By is what does so alone or, if nothing does, the largest that do so together. It must not be changed.
	By []Opening

	// Together says that nothing of it does so alone.
	Together bool
}

// AllowAll returns what in the policy lets everything through in the direction; nothing where nothing does.
func (p *Policy) AllowAll(d Direction) Everything { return p.sum().all[d] }

// streams are the protocols of which ports count.
var streams = [2]corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP}

// mostPorts is half of the ports of a protocol: more are most of them.
const mostPorts = (maxPort + 1) / 2

// part is what an opening lets through that no selector chooses: everybody, or a block of addresses.
type part struct {
	Opening
	everybody bool
	public    set
	// share says how much of the internet that is: 1 and more is all of it.
	share float64
	ports [2][]portRange
	// area is how many ports of each protocol the part opens, as far as it is the internet.
	area [2]float64
}

// allowAll returns what in the policies together lets everything through, and for each protocol how many ports they could
// open so at most, were no port opened twice.
func allowAll(policies []*Policy, d Direction) (all Everything, most [2]float64) {
	var ports [2][]portRange
	var parts []part
	eachOpening(policies, d, func(r *rule) bool {
		for i, protocol := range streams {
			ports[i] = r.openPorts(protocol)
		}
		return len(ports[0])+len(ports[1]) > 0
	}, func(o Opening) bool {
		if _, block := o.CIDR(); block || o.Peer == NoPeer {
			parts = append(parts, newPart(o, ports))
		}
		return true
	})
	for i := range parts {
		for j := range streams {
			most[j] += parts[i].area[j]
		}
	}
	if max(most[0], most[1]) <= mostPorts*almost {
		return Everything{}, most
	}
	return everythingIn(parts), most
}

func newPart(o Opening, ports [2][]portRange) part {
	one := part{Opening: o, everybody: o.Peer == NoPeer, share: 1, ports: ports}
	if !one.everybody {
		one.public = one.addresses().publicPart()
		one.share = one.public.large()
	}
	for i := range streams {
		one.area[i] = min(1, one.share) * float64(portsIn(ports[i]))
	}
	return one
}

func (p *part) size() float64 { return max(p.area[0], p.area[1]) }

// everythingIn chooses of the parts what lets everything through.
func everythingIn(parts []part) Everything {
	var all Everything
	for i := range parts {
		if one := &parts[i]; one.share >= 1 && one.size() > mostPorts {
			all.By = append(all.By, one.Opening)
		}
	}
	if len(all.By) == 0 {
		all.By = together(parts)
		all.Together = len(all.By) > 0
	}
	slices.SortFunc(all.By, byPlace)
	return all
}

// together returns the largest of the parts that together let everything through; none where all together do not. Mostly
// nothing of them overlaps, and then it takes as many as their sizes say.
func together(parts []part) []Opening {
	if !everything(parts) {
		return nil
	}
	bySize := slices.Clone(parts)
	slices.SortFunc(bySize, func(a, b part) int { return cmp.Or(cmp.Compare(b.size(), a.size()), byBlock(a.Opening, b.Opening)) })
	n := atLeast(bySize)
	if !everything(bySize[:n]) {
		n += 1 + sort.Search(len(bySize)-n-1, func(more int) bool { return everything(bySize[:n+1+more]) })
	}
	return openingsOf(bySize[:n])
}

// atLeast is how many of the parts it takes to open most ports to the internet, were nothing opened twice.
func atLeast(parts []part) int {
	var areas [2]float64
	shares := 0.
	for i := range parts {
		for j := range streams {
			areas[j] += parts[i].area[j]
		}
		if shares += parts[i].share; shares >= almost && max(areas[0], areas[1]) > mostPorts*almost {
			return i + 1
		}
	}
	return len(parts)
}
