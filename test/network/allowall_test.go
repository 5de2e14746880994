package network_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/network"
)

// What lets everything through is what traffic gets through: it is sent from every /8 of the internet, and from a pod of
// which nobody knows the address, to every port at which a rule begins or ends.
func TestWhatAllowsEverythingLetsTheTrafficThrough(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 8))
	everything, particular := 0, 0
	for range 2 * *worlds {
		policies, text := guards(t, r)
		asked := [][]*network.Policy{policies}
		for _, policy := range policies {
			asked = append(asked, []*network.Policy{policy})
		}
		for _, some := range asked {
			got := len(network.DefaultDeny(some, network.Ingress).Undone) > 0
			want, unsure := letsEverythingIn(some)
			if unsure {
				continue
			}
			if want {
				everything++
			} else {
				particular++
			}
			if got != want {
				t.Fatalf("%v undoes a default deny: got %t, want %t\n%s", some, got, want, text)
			}
			if alone := len(some[0].AllowAll(network.Ingress).By) > 0; len(some) == 1 && alone != want {
				t.Fatalf("%v allows all: got %t, want %t\n%s", some, alone, want, text)
			}
		}
	}
	t.Logf("%d let everything in, %d did not", everything, particular)
	if min(everything, particular) < *worlds/2 {
		t.Error("the policies are too much alike")
	}
}

// ends are where the ranges of ports begin that policies are made of.
var ends = []int32{1, 2, 1024, 20000, 30000, 32768, 40000, 60000}

// guards are policies that select every pod, of rules with few sorts of blocks and ports.
func guards(t *testing.T, r *rand.Rand) ([]*network.Policy, string) {
	t.Helper()
	var all []*network.Policy
	var text string
	for i := range 1 + r.IntN(3) {
		np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("np%d", i)}}
		for range r.IntN(4) {
			np.Spec.Ingress = append(np.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: wide(r), Ports: manyPorts(r)})
		}
		policy, err := network.Compile(np)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, policy)
		spec, err := yaml.Marshal(np.Spec)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("--- %s\n%s", np.Name, spec)
	}
	return all, text
}

func wide(r *rand.Rand) []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for range pick(r, 0, 1, 1, 2) {
		if r.IntN(4) == 0 {
			peers = append(peers, networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}})
			continue
		}
		block := &networkingv1.IPBlock{CIDR: netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(r.IntN(224))}), pick(r, 0, 1, 3, 4, 5, 6)).Masked().String()}
		if block.CIDR == "0.0.0.0/0" && r.IntN(2) == 0 {
			block.Except = []string{pick(r, "240.0.0.0/32", "0.0.0.0/1", "10.0.0.0/8")}
		}
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: block})
	}
	return peers
}

func manyPorts(r *rand.Rand) []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for range pick(r, 0, 1, 1, 2) {
		protocol := pick(r, protocols...)
		port := networkingv1.NetworkPolicyPort{Protocol: &protocol}
		if r.IntN(3) > 0 {
			from := r.IntN(len(ends))
			first, last := intstr.FromInt32(ends[from]), int32(65535)
			if to := from + 1 + r.IntN(len(ends)-from); to < len(ends) {
				last = ends[to] - 1
			}
			port.Port, port.EndPort = &first, &last
		}
		ports = append(ports, port)
	}
	return ports
}

// letsEverythingIn counts the ports that are open to a sixteenth of the internet, or to everybody. It says where that is a close
// call, because not all of every /8 is the internet.
func letsEverythingIn(policies []*network.Policy) (is, unsure bool) {
	target := &network.Pod{Namespace: "shop"}
	nobody := network.Peer{Addr: netip.MustParseAddr("8000::1")} // no block holds it
	for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
		open := int32(0)
		for i, first := range ends {
			port := network.Port{Protocol: protocol, Number: first}
			n := 0
			for octet := byte(1); octet < 224; octet++ {
				if slices.Contains([]byte{10, 127}, octet) {
					continue
				}
				source := network.Peer{Addr: netip.AddrFrom4([4]byte{octet, 77, 77, 77})}
				if network.Connect(policies, source, network.Peer{Pod: target}, port).Passes() {
					n++
				}
			}
			everybody := network.Connect(policies, nobody, network.Peer{Pod: target}, port).Passes()
			if n == 13 || n == 14 {
				return false, true
			}
			if everybody || n > 14 {
				last := int32(65535)
				if i+1 < len(ends) {
					last = ends[i+1] - 1
				}
				open += last - first + 1
			}
		}
		if open > 32768 {
			return true, false
		}
	}
	return false, false
}
