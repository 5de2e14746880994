package pinned

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline.dev/plumbline/internal/network"
)

// traffic is what the rules of a policy admit together in one direction: to everybody, to pods, and to addresses.
type traffic struct {
	isolates  bool
	everybody ports
	peers     []peer
	blocks    []stretch
}

// peer is pods that are admitted.
type peer struct {
	home             string // the namespace of the policy
	namespaces, pods []requirement
	ports            ports
}

// trafficOf reads the rules of one direction; none where the policy does not isolate in it.
func trafficOf(policy *networkingv1.NetworkPolicy, direction network.Direction) traffic {
	t := traffic{isolates: isolates(&policy.Spec, direction)}
	if !t.isolates {
		return t
	}
	if direction == network.Ingress {
		for i := range policy.Spec.Ingress {
			t.addRule(policy.Namespace, policy.Spec.Ingress[i].From, policy.Spec.Ingress[i].Ports)
		}
	} else {
		for i := range policy.Spec.Egress {
			t.addRule(policy.Namespace, policy.Spec.Egress[i].To, policy.Spec.Egress[i].Ports)
		}
	}
	t.merge()
	return t
}

// isolates knows what the API server makes of policyTypes that are left out: Ingress, and Egress if there are rules of it.
func isolates(spec *networkingv1.NetworkPolicySpec, direction network.Direction) bool {
	if len(spec.PolicyTypes) == 0 {
		return direction == network.Ingress || len(spec.Egress) > 0
	}
	if direction == network.Ingress {
		return slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
	}
	return slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

func (t *traffic) addRule(home string, peers []networkingv1.NetworkPolicyPeer, through []networkingv1.NetworkPolicyPort) {
	on := portsOf(through)
	if len(peers) == 0 {
		t.everybody = t.everybody.union(on)
		return
	}
	for i := range peers {
		from := &peers[i]
		if from.IPBlock != nil {
			t.blocks = append(t.blocks, stretchesOf(from.IPBlock, on)...)
			continue
		}
		p := peer{home: home, namespaces: inNamespace(home), pods: requirementsOf(from.PodSelector), ports: on}
		if from.NamespaceSelector != nil {
			p.namespaces = requirementsOf(from.NamespaceSelector)
		}
		t.peers = append(t.peers, p)
	}
}

// merge makes one of all peers and of all blocks that are the same but for their ports.
func (t *traffic) merge() {
	at := map[string]int{}
	var peers []peer
	for _, p := range t.peers {
		name := p.String()
		i, known := at[name]
		if !known {
			at[name] = len(peers)
			peers = append(peers, p)
			continue
		}
		peers[i].ports = peers[i].ports.union(p.ports)
	}
	t.peers, t.blocks = peers, mergedStretches(t.blocks)
}

func (t *traffic) admitsNothing() bool {
	return t.everybody.empty() && len(t.peers) == 0 && len(t.blocks) == 0
}

// beyond returns in words what is admitted that the other does not admit. What everybody is admitted to is not said of
// others again.
func (t *traffic) beyond(other *traffic) []string {
	var all []string
	if rest := t.everybody.minus(other.everybody); !rest.empty() {
		all = append(all, "everybody on "+rest.String())
	}
	said := t.everybody.union(other.everybody)
	all = append(all, t.peersBeyond(other, said)...)
	return append(all, t.blocksBeyond(other, said)...)
}

// maxPairs bounds how many peers are held against each other. Beyond, only those are known that are the same.
const maxPairs = 1 << 20

func (t *traffic) peersBeyond(other *traffic, said ports) []string {
	same := make(map[string]*peer, len(other.peers))
	for i := range other.peers {
		same[other.peers[i].String()] = &other.peers[i]
	}
	var all []string
	left := maxPairs
	for i := range t.peers {
		p := &t.peers[i]
		rest := p.ports.minus(said)
		if its := same[p.String()]; its != nil {
			rest = rest.minus(its.ports)
		}
		for j := 0; j < len(other.peers) && !rest.empty() && left > 0; j, left = j+1, left-1 {
			if wide := &other.peers[j]; within(p.namespaces, wide.namespaces) && within(p.pods, wide.pods) {
				rest = rest.minus(wide.ports)
			}
		}
		if !rest.empty() {
			all = append(all, p.String()+" on "+rest.String())
		}
	}
	return all
}

// String names the peer, such as "pods app=web", "all pods in all namespaces" or "pods app=web in namespaces team=shop".
func (p *peer) String() string {
	var b strings.Builder
	if len(p.pods) == 0 {
		b.WriteString("all pods")
	} else {
		b.WriteString("pods " + selectorWords(p.pods))
	}
	switch {
	case len(p.namespaces) == 0:
		b.WriteString(" in all namespaces")
	case !slices.Equal(p.namespaces, inNamespace(p.home)):
		b.WriteString(" in namespaces " + selectorWords(p.namespaces))
	}
	return b.String()
}
