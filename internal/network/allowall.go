package network

// AllowAll returns what in the policy lets everything through in the direction, or nil: rules without peers that restrict
// no port, such as `ingress: [{}]`, and blocks without restricted ports that together are all of IPv4 or all of IPv6, such as
// 0.0.0.0/0 or 0.0.0.0/1 beside 128.0.0.0/1. The slice must not be changed.
//
// One family is enough, because in a cluster of one family it is everything, and in others still everybody who has an
// address of it. All ports of TCP and UDP count as all ports. `namespaceSelector: {}` is every pod of the cluster, and not
// everything.
func (p *Policy) AllowAll(d Direction) []Opening { return p.all[d] }

// allowAll returns what in the policies together lets everything through, and whether they let any addresses through on
// every port.
func allowAll(policies []*Policy, d Direction) (by []Opening, some bool) {
	var blocks []Opening
	eachOpening(policies, d, func(o Opening) bool {
		if !o.rule().everyPort() {
			return true
		}
		if o.Peer == NoPeer {
			by = append(by, o)
		} else if _, ok := o.CIDR(); ok {
			blocks = append(blocks, o)
		}
		return true
	})
	return append(by, whole(blocks)...), len(blocks) > 0
}

// whole returns those of the blocks that together are all addresses of a family: one that is so alone where there is one.
func whole(blocks []Opening) []Opening {
	for _, family := range []set{everyIPv4, everyIPv6} {
		var together []Opening
		var all []span
		for _, block := range blocks {
			part := block.addresses().both(family)
			if part.covers(family) {
				return []Opening{block}
			}
			if len(part) > 0 {
				together, all = append(together, block), append(all, part...)
			}
		}
		if joined(all).covers(family) {
			return together
		}
	}
	return nil
}
