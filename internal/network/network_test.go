package network_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/network"
)

const (
	denyIngress = `{podSelector: {}, policyTypes: [Ingress]}`
	denyEgress  = `{podSelector: {}, policyTypes: [Egress]}`
)

// parse reads the spec of a policy in the namespace shop.
func parse(t testing.TB, name, spec string) *networkingv1.NetworkPolicy {
	t.Helper()
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	if err := yaml.UnmarshalStrict([]byte(spec), &np.Spec); err != nil {
		t.Fatalf("%v\n%s", err, spec)
	}
	return np
}

// compile compiles the specs of policies that are named a, b, c and so on.
func compile(t testing.TB, specs ...string) []*network.Policy {
	t.Helper()
	var all []*network.Policy
	for i, spec := range specs {
		policy, err := network.Compile(parse(t, string(rune('a'+i)), spec))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, policy)
	}
	return all
}

func pod(namespace string, labels ...string) *network.Pod {
	p := &network.Pod{Namespace: namespace, NamespaceLabels: map[string]string{"team": namespace}, Labels: map[string]string{}}
	for i := 0; i < len(labels); i += 2 {
		p.Labels[labels[i]] = labels[i+1]
	}
	return p
}

func api() *network.Pod {
	p := pod("shop", "app", "api")
	p.Ports = []corev1.ContainerPort{
		{Name: "http", ContainerPort: 8080},
		{Name: "http", ContainerPort: 8081, Protocol: corev1.ProtocolTCP},
		{Name: "http", ContainerPort: 9090, Protocol: corev1.ProtocolUDP},
	}
	return p
}

func onHost(p *network.Pod) *network.Pod {
	p.HostNetwork = true
	return p
}

func tcp(number int32) network.Port {
	return network.Port{Protocol: corev1.ProtocolTCP, Number: number}
}
func udp(number int32) network.Port {
	return network.Port{Protocol: corev1.ProtocolUDP, Number: number}
}

var anyPort = network.Port{}

func pathsOf(openings []network.Opening) []string {
	paths := []string{}
	for _, o := range openings {
		paths = append(paths, o.Policy.Ref.Name+" "+o.Path())
	}
	return paths
}
