package network

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// peer is one entry of from or to: pods, or a block of addresses.
type peer struct {
	// namespaces and pods are both set for a peer that is pods, unless the namespace is that of the policy: then namespaces
	// is nil.
	namespaces labels.Selector
	pods       *selector

	// choice is what the selectors ask for, with the namespace where it is that of the policy.
	choice choice

	// cidr is set for a block, and except is what it leaves out.
	cidr   netip.Prefix
	except []netip.Prefix
}

// selects says whether the peer is pods, and this is one of them. home is the namespace of the policy. No selector selects
// a pod on the host's network, because its traffic comes from the address of the node.
func (p *peer) selects(pod *Pod, home string) bool {
	if p.pods == nil || pod.HostNetwork {
		return false
	}
	if p.namespaces == nil {
		return pod.Namespace == home && p.pods.matches(pod, may)
	}
	return p.namespaces.Matches((*namespaceOf)(pod)) && p.pods.matches(pod, may)
}

// contains says whether the peer is a block, and the address is in it.
func (p *peer) contains(addr netip.Addr) bool {
	if p.pods != nil || !p.cidr.Contains(addr) {
		return false
	}
	for _, except := range p.except {
		if except.Contains(addr) {
			return false
		}
	}
	return true
}

// namespaceOf shows the labels of a pod's namespace to selectors, with the one that the API server sets on every namespace.
type namespaceOf Pod

func (n *namespaceOf) Has(key string) bool {
	_, ok := n.Lookup(key)
	return ok
}

func (n *namespaceOf) Get(key string) string {
	value, _ := n.Lookup(key)
	return value
}

func (n *namespaceOf) Lookup(key string) (string, bool) {
	if key == corev1.LabelMetadataName {
		return n.Namespace, true
	}
	value, ok := n.NamespaceLabels[key]
	return value, ok
}
