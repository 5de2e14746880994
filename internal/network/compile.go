package network

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"plumbline.dev/plumbline/internal/workload"
)

const kind = "NetworkPolicy"

// RefTo returns the Ref of a NetworkPolicy.
func RefTo(np *networkingv1.NetworkPolicy) workload.Ref {
	return workload.Ref{Group: networkingv1.GroupName, Kind: kind, Namespace: np.Namespace, Name: np.Name}
}

// Compile reads a NetworkPolicy. It keeps nothing of the object but strings.
//
// Where policyTypes is omitted it means what the API server makes of it: Ingress, and Egress if there is at least one egress
// rule. What the API server refuses is an error, which names the policy, the field, and what is wrong. What it only
// accepted in earlier versions, such as 010.0.0.0/8 and 10.0.0.1/8, is read as it was then.
func Compile(np *networkingv1.NetworkPolicy) (*Policy, error) {
	p := &Policy{Ref: RefTo(np), home: []requirement{{key: corev1.LabelMetadataName, valued: true, values: []string{np.Namespace}}}}
	if err := p.compile(&np.Spec, field.NewPath("spec")); err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	return p, nil
}

func (p *Policy) compile(spec *networkingv1.NetworkPolicySpec, path *field.Path) error {
	var err error
	if p.pods, err = compilePods(&spec.PodSelector, path.Child("podSelector")); err != nil {
		return err
	}
	if p.isolates, err = compileTypes(spec, path.Child("policyTypes")); err != nil {
		return err
	}
	for i, in := range spec.Ingress {
		if err := p.addRule(Ingress, "from", in.From, in.Ports, path.Child("ingress").Index(i)); err != nil {
			return err
		}
	}
	for i, out := range spec.Egress {
		if err := p.addRule(Egress, "to", out.To, out.Ports, path.Child("egress").Index(i)); err != nil {
			return err
		}
	}
	// Rules in a direction that policyTypes does not name have no effect.
	for d := range p.rules {
		if !p.isolates[d] {
			p.rules[d] = nil
		}
	}
	return nil
}

func compileTypes(spec *networkingv1.NetworkPolicySpec, path *field.Path) (isolates [2]bool, err error) {
	if len(spec.PolicyTypes) == 0 {
		return [2]bool{Ingress: true, Egress: len(spec.Egress) > 0}, nil
	}
	for i, name := range spec.PolicyTypes {
		switch name {
		case networkingv1.PolicyTypeIngress:
			isolates[Ingress] = true
		case networkingv1.PolicyTypeEgress:
			isolates[Egress] = true
		default:
			return isolates, fmt.Errorf("%s: %q is neither Ingress nor Egress", path.Index(i), name)
		}
	}
	return isolates, nil
}

func (p *Policy) addRule(
	d Direction, side string, from []networkingv1.NetworkPolicyPeer, through []networkingv1.NetworkPolicyPort, path *field.Path,
) error {
	var r rule
	for i := range from {
		compiled, err := p.compilePeer(&from[i], path.Child(side).Index(i))
		if err != nil {
			return err
		}
		r.peers = append(r.peers, compiled)
	}
	for i := range through {
		compiled, err := compilePorts(&through[i], path.Child("ports").Index(i))
		if err != nil {
			return err
		}
		r.ports = append(r.ports, compiled)
	}
	p.rules[d] = append(p.rules[d], r)
	return nil
}

func (p *Policy) compilePeer(from *networkingv1.NetworkPolicyPeer, path *field.Path) (peer, error) {
	switch {
	case from.IPBlock != nil && (from.PodSelector != nil || from.NamespaceSelector != nil):
		return peer{}, fmt.Errorf("%s: ipBlock and selectors exclude each other: make two entries of them", path)
	case from.IPBlock != nil:
		return compileBlock(from.IPBlock, path.Child("ipBlock"))
	case from.PodSelector == nil && from.NamespaceSelector == nil:
		return peer{}, fmt.Errorf("%s: must set podSelector, namespaceSelector or ipBlock", path)
	}
	var compiled peer
	var err error
	if compiled.pods, err = compilePods(cmp.Or(from.PodSelector, &metav1.LabelSelector{}), path.Child("podSelector")); err != nil {
		return peer{}, err
	}
	compiled.choice.pods, compiled.choice.spaces = requirementsOf(compiled.pods), p.home
	if from.NamespaceSelector != nil {
		if compiled.namespaces, err = compileSelector(from.NamespaceSelector, path.Child("namespaceSelector")); err != nil {
			return peer{}, err
		}
		compiled.choice.spaces = requirementsOf(compiled.namespaces)
	}
	return compiled, nil
}

func compilePods(chosen *metav1.LabelSelector, path *field.Path) (*selector, error) {
	compiled, err := compileSelector(chosen, path)
	if err != nil {
		return nil, err
	}
	return newSelector(compiled), nil
}

func compileSelector(selector *metav1.LabelSelector, path *field.Path) (labels.Selector, error) {
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return compiled, nil
}

func compileBlock(block *networkingv1.IPBlock, path *field.Path) (peer, error) {
	cidr, err := parseCIDR(block.CIDR)
	if err != nil {
		return peer{}, fmt.Errorf("%s: %w", path.Child("cidr"), err)
	}
	compiled := peer{cidr: cidr}
	for i, text := range block.Except {
		except, err := parseCIDR(text)
		if err != nil {
			return peer{}, fmt.Errorf("%s: %w", path.Child("except").Index(i), err)
		}
		if !cidr.Contains(except.Addr()) || except.Bits() <= cidr.Bits() {
			return peer{}, fmt.Errorf("%s: %q is not a smaller range within %s", path.Child("except").Index(i), text, cidr)
		}
		compiled.except = append(compiled.except, except)
	}
	return compiled, nil
}

var errCIDR = errors.New("is not a range of addresses such as 10.0.0.0/8 or 2001:db8::/32")

// parseCIDR reads what the API server has ever accepted: leading zeros, bits below the mask, and IPv4 mapped into IPv6.
func parseCIDR(text string) (netip.Prefix, error) {
	_, parsed, err := netutils.ParseCIDRSloppy(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q %w", text, errCIDR)
	}
	addr, _ := netip.AddrFromSlice(parsed.IP)
	bits, size := parsed.Mask.Size()
	if addr.Is4In6() && bits >= size-32 {
		addr, bits = addr.Unmap(), bits-(size-32)
	}
	return netip.PrefixFrom(addr, bits), nil
}

func compilePorts(through *networkingv1.NetworkPolicyPort, path *field.Path) (ports, error) {
	compiled := ports{protocol: corev1.ProtocolTCP, to: maxPort}
	if through.Protocol != nil {
		compiled.protocol = *through.Protocol
	}
	known := []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
	if !slices.Contains(known, compiled.protocol) {
		return ports{}, fmt.Errorf("%s: %q is none of TCP, UDP and SCTP", path.Child("protocol"), compiled.protocol)
	}
	var err error
	switch {
	case through.Port == nil && through.EndPort == nil:
	case through.Port == nil || through.Port.Type == intstr.String && through.EndPort != nil:
		err = fmt.Errorf("%s: needs a number in port", path.Child("endPort"))
	case through.Port.Type == intstr.Int:
		compiled.from, compiled.to, err = compileRange(through.Port.IntVal, through.EndPort, path)
	case through.Port.StrVal == "":
		err = fmt.Errorf("%s: must not be empty: leave it out to allow every port", path.Child("port"))
	default:
		compiled.name = through.Port.StrVal
	}
	return compiled, err
}

func compileRange(from int32, end *int32, path *field.Path) (first, last int32, err error) {
	if from < 1 || from > maxPort {
		return 0, 0, fmt.Errorf("%s: %d is not a port from 1 to 65535", path.Child("port"), from)
	}
	if end == nil {
		return from, from, nil
	}
	if *end < from || *end > maxPort {
		return 0, 0, fmt.Errorf("%s: %d is not a port from %d to 65535", path.Child("endPort"), *end, from)
	}
	return from, *end, nil
}
