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
// Most ports are more than half of them, which no list of what is needed makes. Blocks are the internet as Internet has it: a
// block of private addresses, of a partner or of a provider is not. Next to nothing speaks SCTP, which does not count.
// `namespaceSelector: {}` is every pod of the cluster, and not everything.
type Everything struct {
	// By is what does so alone or, if nothing does, the largest that do so together. It must not be changed.
	By []Opening

	// Together says that nothing of it does so alone.
	Together bool
}

// AllowAll returns what in the policy lets everything through in the direction; nothing where nothing does.
func (p *Policy) AllowAll(d Direction) Everything { return p.all[d] }

// streams are the protocols of which ports count.
var streams = [2]corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP}

// mostPorts is half of the ports of a protocol: more are most of them.
const mostPorts = (maxPort + 1) / 2

// part is what an opening lets through that no selector chooses: everybody, or a block of addresses.
type part struct {
	Opening
	everybody bool
	public    set
	ports     [2][]portRange
	// area is how many ports of each protocol the part opens, as far as it is the internet.
	area [2]float64
}

// allowAll returns what in the policies together lets everything through, and for each protocol how many ports they could
// open so at most, were no port opened twice.
func allowAll(policies []*Policy, d Direction) (all Everything, most [2]float64) {
	var parts []part
	var ports [2]int32
	eachOpening(policies, d, func(o Opening) bool {
		if _, block := o.CIDR(); !block && o.Peer != NoPeer {
			return true
		}
		one := part{Opening: o, everybody: o.Peer == NoPeer}
		for i, protocol := range streams {
			one.ports[i] = o.rule().openPorts(protocol)
			ports[i] += portsIn(one.ports[i])
		}
		parts = append(parts, one)
		return true
	})
	if max(ports[0], ports[1]) == 0 {
		return Everything{}, most
	}
	for i := range parts {
		one, share := &parts[i], 1.
		if !one.everybody {
			one.public = one.addresses().publicPart()
			share = min(1, one.public.large())
		}
		for j := range streams {
			one.area[j] = share * float64(portsIn(one.ports[j]))
			most[j] += one.area[j]
		}
	}
	if max(most[0], most[1]) <= mostPorts*almost {
		return Everything{}, most
	}
	return everythingIn(parts), most
}

func (p *part) size() float64 { return max(p.area[0], p.area[1]) }

// everythingIn chooses of the parts what lets everything through.
func everythingIn(parts []part) Everything {
	var all Everything
	for i := range parts {
		if one := &parts[i]; one.size() > mostPorts && everything(parts[i:i+1]) {
			all.By = append(all.By, one.Opening)
		}
	}
	if len(all.By) > 0 {
		return all
	}
	bySize := slices.Clone(parts)
	slices.SortStableFunc(bySize, func(a, b part) int {
		return cmp.Compare(b.size(), a.size())
	})
	n := sort.Search(len(bySize), func(n int) bool { return everything(bySize[:n]) })
	if n == len(bySize) && !everything(bySize) {
		return all
	}
	chosen := map[Opening]bool{}
	for i := range bySize[:n] {
		chosen[bySize[i].Opening] = true
	}
	for i := range parts {
		if chosen[parts[i].Opening] {
			all.By = append(all.By, parts[i].Opening)
		}
	}
	all.Together = true
	return all
}
