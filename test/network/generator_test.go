package network_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/network"
)

// What worlds are made of is so little that much of it meets. Keys have prefixes, so that selectors of two sorts of labels, one
// written after the other, may read like two others.
var (
	keys      = []string{"app", "app/tier", "tier/app", "tier", corev1.LabelMetadataName}
	values    = []string{"", "web", "db", "prod"}
	portNames = []string{"http", "sql", "dns", "gone"}
	protocols = []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
	numbers   = []int32{1, 53, 80, 443, 5432, 8080, 65535}
	outside   = []string{"203.0.113.7", "203.0.113.200", "198.51.100.1", "10.0.0.1", "10.0.1.1", "2001:db8::7", "2001:db8:1::7", "169.254.169.254"}
	blocks    = []struct {
		cidr    string
		excepts []string
	}{
		{"0.0.0.0/0", []string{"203.0.113.0/24", "10.0.0.0/8", "169.254.169.254/32", "0.0.0.0/1"}},
		{"128.0.0.0/1", []string{"203.0.113.0/25", "203.0.113.128/25"}},
		{"203.0.113.0/24", []string{"203.0.113.7/32", "203.0.113.128/25"}},
		{"10.0.0.0/8", []string{"10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/9"}},
		{"10.0.1.0/24", []string{"10.0.1.0/31"}},
		{"169.254.169.254/32", nil},
		{"::/0", []string{"2001:db8::/32", "2001:db8:1::/48", "fd00::/8"}},
		{"2001:db8::/32", []string{"2001:db8:1::/48", "2001:db8::7/128"}},
		{"fd00::/8", []string{"fd00::/64"}},
	}
)

// world is some pods, the policies that apply to them, and addresses outside.
type world struct {
	*rand.Rand
	pods, outside []*end
	policies      []*networkingv1.NetworkPolicy
}

// generate makes the world of a seed and a number, always the same.
func generate(seed, number uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, number))}
	for i := range 3 {
		namespace := fmt.Sprintf("ns%d", i)
		labels := w.labels()
		labels[corev1.LabelMetadataName] = namespace
		for j := range 4 {
			w.pods = append(w.pods, &end{
				name: fmt.Sprintf("%s/pod%d", namespace, j),
				Pod:  &network.Pod{Namespace: namespace, NamespaceLabels: labels, Labels: w.labels(), Ports: w.containerPorts()},
				addr: netip.MustParseAddr(pick(w.Rand, fmt.Sprintf("10.0.%d.%d", i, j), fmt.Sprintf("fd00::%d:%d", i, j))),
			})
		}
		for j := range w.IntN(5) {
			w.policies = append(w.policies, w.policy(namespace, fmt.Sprintf("np%d", j)))
		}
	}
	if len(w.policies) == 0 {
		w.policies = append(w.policies, w.policy("ns0", "np0"))
	}
	for _, addr := range outside {
		w.outside = append(w.outside, &end{name: addr, addr: netip.MustParseAddr(addr)})
	}
	return w
}

func (w *world) labels() map[string]string {
	labels := map[string]string{}
	for _, key := range keys[:4] {
		if w.IntN(3) > 0 {
			labels[key] = pick(w.Rand, values...)
		}
	}
	return labels
}

// containerPorts are of distinct numbers, because cyclonus knows one name of a port.
func (w *world) containerPorts() []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for _, i := range w.Perm(len(numbers))[:w.IntN(4)] {
		port := corev1.ContainerPort{ContainerPort: numbers[i], Protocol: pick(w.Rand, append(protocols, "")...)}
		if w.IntN(4) > 0 {
			port.Name = pick(w.Rand, portNames[:3]...)
		}
		ports = append(ports, port)
	}
	return ports
}

func (w *world) policy(namespace, name string) *networkingv1.NetworkPolicy {
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	np.Spec.PodSelector = w.selector(2)
	np.Spec.PolicyTypes = pick(w.Rand, nil, nil,
		[]networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		[]networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
		[]networkingv1.PolicyType{networkingv1.PolicyTypeEgress, networkingv1.PolicyTypeIngress})
	if w.IntN(4) > 0 {
		np.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{}
		for range pick(w.Rand, 0, 1, 2, 3) {
			np.Spec.Ingress = append(np.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: w.peersOf(), Ports: w.portsOf()})
		}
	}
	if w.IntN(4) > 0 {
		np.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{}
		for range pick(w.Rand, 0, 1, 2, 3) {
			np.Spec.Egress = append(np.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: w.peersOf(), Ports: w.portsOf()})
		}
	}
	return np
}

// selector is empty once in so many times.
func (w *world) selector(empty int) metav1.LabelSelector {
	var selector metav1.LabelSelector
	if w.IntN(empty) == 0 {
		return selector
	}
	if w.IntN(2) == 0 {
		selector.MatchLabels = map[string]string{pick(w.Rand, keys[:4]...): pick(w.Rand, values...)}
	}
	for range pick(w.Rand, 0, 1, 1, 2) {
		requirement := metav1.LabelSelectorRequirement{
			Key:      pick(w.Rand, keys...),
			Operator: pick(w.Rand, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist),
		}
		if requirement.Operator == metav1.LabelSelectorOpIn || requirement.Operator == metav1.LabelSelectorOpNotIn {
			for _, i := range w.Perm(len(values))[:1+w.IntN(3)] {
				requirement.Values = append(requirement.Values, values[i])
			}
			if requirement.Key == corev1.LabelMetadataName {
				requirement.Values = append(requirement.Values, pick(w.Rand, "ns0", "ns1", "ns2"))
			}
		}
		selector.MatchExpressions = append(selector.MatchExpressions, requirement)
	}
	return selector
}

func (w *world) peersOf() []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for range pick(w.Rand, 0, 1, 2, 2, 3) {
		var peer networkingv1.NetworkPolicyPeer
		kind := w.IntN(5)
		if kind == 0 || kind == 1 {
			selector := w.selector(2)
			peer.PodSelector = &selector
		}
		if kind == 1 || kind == 2 {
			selector := w.selector(2)
			peer.NamespaceSelector = &selector
		}
		if kind > 2 {
			peer.IPBlock = w.block()
		}
		peers = append(peers, peer)
	}
	return peers
}

func (w *world) block() *networkingv1.IPBlock {
	from := pick(w.Rand, blocks...)
	block := &networkingv1.IPBlock{CIDR: from.cidr}
	for _, except := range from.excepts {
		if w.IntN(2) == 0 {
			block.Except = append(block.Except, except)
		}
	}
	return block
}

func (w *world) portsOf() []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for range pick(w.Rand, 0, 0, 0, 1, 2, 3) {
		var port networkingv1.NetworkPolicyPort
		if w.IntN(3) > 0 {
			protocol := pick(w.Rand, protocols...)
			port.Protocol = &protocol
		}
		switch w.IntN(4) {
		case 0:
			name := intstr.FromString(pick(w.Rand, portNames...))
			port.Port = &name
		case 1, 2:
			number := intstr.FromInt32(pick(w.Rand, numbers...))
			port.Port = &number
			if w.IntN(2) == 0 {
				end := number.IntVal + int32(w.IntN(int(65535-number.IntVal)+1))
				port.EndPort = &end
			}
		}
		ports = append(ports, port)
	}
	return ports
}

// traffic is mostly between pods.
func (w *world) traffic() traffic {
	t := traffic{
		source: pick(w.Rand, w.pods...),
		target: pick(w.Rand, w.pods...),
		port:   network.Port{Protocol: pick(w.Rand, protocols...), Number: pick(w.Rand, numbers...)},
	}
	switch w.IntN(5) {
	case 0:
		t.source = pick(w.Rand, w.outside...)
	case 1:
		t.target = pick(w.Rand, w.outside...)
	}
	if t.target.Pod != nil && len(t.target.Ports) > 0 && w.IntN(2) == 0 {
		port := pick(w.Rand, t.target.Ports...)
		if t.port = (network.Port{Protocol: port.Protocol, Number: port.ContainerPort}); port.Protocol == "" {
			t.port.Protocol = corev1.ProtocolTCP
		}
	}
	return t
}

// peers goes over all peers.
func (w *world) peers(visit func(*networkingv1.NetworkPolicyPeer)) {
	for _, np := range w.policies {
		for _, rule := range np.Spec.Ingress {
			for i := range rule.From {
				visit(&rule.From[i])
			}
		}
		for _, rule := range np.Spec.Egress {
			for i := range rule.To {
				visit(&rule.To[i])
			}
		}
	}
}

// ports goes over all ports.
func (w *world) ports(visit func(*networkingv1.NetworkPolicyPort)) {
	for _, np := range w.policies {
		for _, rule := range np.Spec.Ingress {
			for i := range rule.Ports {
				visit(&rule.Ports[i])
			}
		}
		for _, rule := range np.Spec.Egress {
			for i := range rule.Ports {
				visit(&rule.Ports[i])
			}
		}
	}
}

func (w *world) String() string {
	var text string
	for _, each := range w.pods {
		text += fmt.Sprintf("%s %s %v in %v, ports %v\n", each.name, each.addr, each.Labels, each.NamespaceLabels, each.Ports)
	}
	for _, np := range w.policies {
		spec, err := yaml.Marshal(np.Spec)
		if err != nil {
			return err.Error()
		}
		text += fmt.Sprintf("--- %s/%s\n%s", np.Namespace, np.Name, spec)
	}
	return text
}
