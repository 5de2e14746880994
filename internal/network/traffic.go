package network

import "net/netip"

// Peer is the other end of traffic: a pod, an address, or a pod whose address is known.
type Peer struct {
	// Pod is nil outside the cluster.
	Pod *Pod

	// Addr is held against blocks of addresses; the zero Addr is in none.
	Addr netip.Addr
}

// Answer is what policies make of traffic between two ends.
type Answer struct {
	Verdict Verdict

	// By is what allows it, where the verdict is Allowed.
	By Opening
}

// Admits says whether the policies let traffic from the source into the target, on the port; the zero Port is any. Of the
// policies, those that select the target count, whatever else is among them. What the source may send is not asked.
func Admits(policies []*Policy, target *Pod, source Peer, port Port) Answer {
	return judge(policies, Ingress, target, source, target, port)
}

// Emits says whether the policies let the source send to the target, on the port of the target; the zero Port is any. What
// the target lets in is not asked.
func Emits(policies []*Policy, source *Pod, target Peer, port Port) Answer {
	return judge(policies, Egress, source, target, target.Pod, port)
}

// Connects says whether traffic gets from one pod to another: it must be let out and let in. Where it does not, Out or In
// is Denied; where it cannot be said, one of them is HostNetwork and the other is not Denied.
type Connects struct{ Out, In Answer }

// Passes says whether the traffic gets through for certain.
func (c Connects) Passes() bool { return c.Out.Verdict.Passes() && c.In.Verdict.Passes() }

// Connect asks both sides. The policies hold those of both namespaces.
func Connect(policies []*Policy, source, target Peer, port Port) Connects {
	var c Connects
	c.Out, c.In = Answer{Verdict: Unisolated}, Answer{Verdict: Unisolated}
	if source.Pod != nil {
		c.Out = Emits(policies, source.Pod, target, port)
	}
	if target.Pod != nil {
		c.In = Admits(policies, target.Pod, source, port)
	}
	return c
}

// judge holds traffic against the policies of one end. Ports belong to the target, whichever end is isolated.
func judge(policies []*Policy, d Direction, isolated *Pod, other Peer, target *Pod, port Port) Answer {
	if isolated.HostNetwork {
		return Answer{Verdict: HostNetwork}
	}
	selecting := Selecting(policies, isolated, d)
	if len(selecting) == 0 {
		return Answer{Verdict: Unisolated}
	}
	other.Addr = other.Addr.Unmap()
	answer, names := Answer{}, namesOf(target)
	eachOpening(selecting, d, func(r *rule) bool { return r.allowsPort(names, port) }, func(o Opening) bool {
		if o.lets(other) {
			answer = Answer{Allowed, o}
		}
		return answer.Verdict == Denied
	})
	// A node's address may be in a block, and the plugin may always let it through.
	if answer.Verdict == Denied && other.Pod != nil && other.Pod.HostNetwork {
		return Answer{Verdict: HostNetwork}
	}
	return answer
}

// lets says whether the opening is for the other end.
func (o Opening) lets(other Peer) bool {
	if o.Peer == NoPeer {
		return true
	}
	p := &o.rule().peers[o.Peer]
	if other.Pod != nil && p.selects(other.Pod, o.Policy.Ref.Namespace) {
		return true
	}
	return other.Addr.IsValid() && p.contains(other.Addr)
}
