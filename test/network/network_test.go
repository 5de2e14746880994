// Package network_test holds what internal/network says of NetworkPolicies against cyclonus, which is the reference that
// network plugins are tested with: every piece of traffic must be judged alike, at both of its ends.
package network_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/mattfenwick/cyclonus/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var (
	worlds = flag.Int("worlds", 400, "how many sets of pods and policies are generated")
	seed   = flag.Uint64("seed", 1, "from what they are generated")
	only   = flag.Int64("world", -1, "judge only the world of this number")
)

// perWorld is how many pieces of traffic are judged in each.
const perWorld = 50

func TestTrafficIsJudgedAsByCyclonus(t *testing.T) {
	var c count
	first, last := 0, *worlds
	if *only >= 0 {
		first, last = int(*only), int(*only)+1
	}
	for i := first; i < last; i++ {
		w := generate(*seed, uint64(i))
		if wrong := c.judge(w, compile(t, w), newOracle(w)); wrong != "" {
			t.Errorf("%s\nagain: go test ./test/network -run Cyclonus -args -seed %d -world %d", wrong, *seed, i)
		}
		if c.disagreements > 10 {
			t.Fatal("and so on")
		}
	}
	t.Log(&c)
	if *only >= 0 {
		return
	}
	if c.cases < 5000 || 3*c.allowed < c.cases || 3*c.denied < c.cases {
		t.Errorf("the generator makes too little, or traffic that is too much alike: %s", &c)
	}
	for _, verdict := range []network.Verdict{network.Denied, network.Allowed, network.Unisolated} {
		if least := c.cases / 10; c.in[verdict] < least || c.out[verdict] < least {
			t.Errorf("too little traffic is %s: %s", verdict, &c)
		}
	}
}

// count is what was compared, and how it came out.
type count struct {
	cases, allowed, denied, disagreements int
	in, out                               [4]int
}

func (c *count) String() string {
	return fmt.Sprintf("%d cases: %d allowed, %d denied, disagreements %d; denied, allowed and not isolated: ingress %v, egress %v",
		c.cases, c.allowed, c.denied, c.disagreements, c.in[:3], c.out[:3])
}

// judge holds the traffic of a world against both, and returns the first disagreement.
func (c *count) judge(w *world, ours []*network.Policy, theirs *oracle) string {
	first := ""
	for range perWorld {
		traffic := w.traffic()
		got := network.Connect(ours, traffic.source.peer(), traffic.target.peer(), traffic.port)
		wantOut, wantIn := theirs.judge(traffic)
		c.cases++
		c.in[got.In.Verdict]++
		c.out[got.Out.Verdict]++
		if got.Passes() {
			c.allowed++
		} else {
			c.denied++
		}
		if got.Out.Verdict.Passes() != wantOut || got.In.Verdict.Passes() != wantIn || !reaches(ours, traffic, wantOut) {
			c.disagreements++
			if first == "" {
				first = fmt.Sprintf("%s:\ngot out %s, in %s; want out %t, in %t\n%s", traffic, got.Out.Verdict, got.In.Verdict, wantOut, wantIn, w)
			}
		}
	}
	return first
}

// reaches says whether the address outside the cluster that traffic goes to is reached as wanted.
func reaches(policies []*network.Policy, t traffic, want bool) bool {
	if t.source.Pod == nil || t.target.Pod != nil {
		return true
	}
	return network.Reaches(policies, t.source.Pod, t.target.addr, t.port).Verdict.Passes() == want
}

// What gets into a workload, asked of all workloads at once, is what gets in when each is asked for.
func TestExposedIsWhatIsAdmitted(t *testing.T) {
	asked, leaks := 0, 0
	for i := range uint64(*worlds) {
		w := generate(*seed, i)
		policies := compile(t, w)
		sources := network.NewSources()
		for _, source := range w.pods {
			sources.Put(source.ref(), source.ref(), *source.Pod)
		}
		for _, target := range w.pods {
			port := pick(w.Rand, network.Port{}, network.Port{Protocol: corev1.ProtocolTCP, Number: pick(w.Rand, numbers...)})
			exposed := network.Exposed(policies, target.ref(), target.Pod, []network.Port{port}, nil, sources, len(w.pods)*len(w.pods))
			got := map[string]bool{}
			everybody := false
			for _, leak := range exposed.Leaks {
				got[leak.Source.Name] = true
				everybody = everybody || leak.By.Peer == network.NoPeer
			}
			for _, source := range w.pods {
				admitted := network.Admits(policies, target.Pod, network.Peer{Pod: source.Pod}, port)
				want := admitted.Verdict.Passes() && source != target
				if asked++; want {
					leaks++
				}
				if (got[source.name] || want && (everybody || exposed.Verdict == network.Unisolated)) != want {
					t.Fatalf("%s to %s on %s: got %t, want %t\n%s", source.name, target.name, port, got[source.name], want, w)
				}
			}
		}
	}
	t.Logf("%d pairs of workloads, %d let in", asked, leaks)
}

func compile(t *testing.T, w *world) []*network.Policy {
	t.Helper()
	var all []*network.Policy
	for _, np := range w.policies {
		policy, err := network.Compile(np)
		if err != nil {
			t.Fatalf("%v\n%s", err, w)
		}
		all = append(all, policy)
	}
	return all
}

// A comparison that cannot fail compares nothing.
func TestTheComparisonNoticesWhatIsWrong(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"a policy that is missing": func(w *world) { w.policies = w.policies[1:] },
		"a selector that is lost": func(w *world) {
			for _, np := range w.policies {
				np.Spec.PodSelector = metav1.LabelSelector{}
			}
		},
		"an except that is lost": func(w *world) {
			w.peers(func(peer *networkingv1.NetworkPolicyPeer) {
				if peer.IPBlock != nil {
					peer.IPBlock.Except = nil
				}
			})
		},
		"a namespaceSelector that is lost": func(w *world) {
			w.peers(func(peer *networkingv1.NetworkPolicyPeer) {
				if peer.PodSelector != nil {
					peer.NamespaceSelector = nil
				}
			})
		},
		"an endPort that is lost": func(w *world) { w.ports(func(port *networkingv1.NetworkPolicyPort) { port.EndPort = nil }) },
		"a protocol that is lost": func(w *world) { w.ports(func(port *networkingv1.NetworkPolicyPort) { port.Protocol = nil }) },
		"a port by name that is lost": func(w *world) {
			w.ports(func(port *networkingv1.NetworkPolicyPort) {
				if port.Port != nil && port.Port.Type == intstr.String {
					port.Port.StrVal = "lost"
				}
			})
		},
		"directions that are lost": func(w *world) {
			for _, np := range w.policies {
				np.Spec.PolicyTypes = nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c count
			for i := range uint64(*worlds) {
				w := generate(*seed, i)
				theirs := newOracle(w)
				spoil(w)
				if c.judge(w, compile(t, w), theirs); c.disagreements > 0 {
					return
				}
			}
			t.Error("it makes no difference")
		})
	}
}

// In two corners cyclonus does not follow the API, and the oracle translates what it is asked. The two are shown here, so
// that the translation goes when they do.
//
// The documentation of labels.Requirement says: "There is a match in the following cases: [...] The operator is DoesNotExist or
// NotIn and Labels does not have the Requirement's key", and of matchLabels in LabelSelector: "A single {key,value} in the
// matchLabels map is equivalent to an element of matchExpressions, whose key field is "key", the operator is "In", and the
// values array contains only "value"", which a key that is not there does not match.
func TestTheCornersInWhichCyclonusIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		selector metav1.LabelSelector
		want     bool
	}{
		"NotIn matches where the key is missing": {
			metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"db"}},
			}}, true,
		},
		"an empty value of matchLabels does not match where the key is missing": {
			metav1.LabelSelector{MatchLabels: map[string]string{"app": ""}}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy, err := network.Compile(&networkingv1.NetworkPolicy{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop"},
				Spec:       networkingv1.NetworkPolicySpec{PodSelector: test.selector},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := policy.Selects(&network.Pod{Namespace: "shop"}); got != test.want {
				t.Errorf("got %t", got)
			}
			if kube.IsLabelsMatchLabelSelector(nil, test.selector) == test.want {
				t.Error("cyclonus is right by now: the oracle need not translate this")
			}
		})
	}
}

// end is one end of traffic.
type end struct {
	name string
	*network.Pod
	addr netip.Addr
}

func (e *end) ref() workload.Ref { return workload.Ref{Kind: "Pod", Name: e.name} }

func (e *end) peer() network.Peer { return network.Peer{Pod: e.Pod, Addr: e.addr} }

// traffic is one piece of it.
type traffic struct {
	source, target *end
	port           network.Port
}

func (t traffic) String() string {
	return fmt.Sprintf("from %s to %s on %s", t.source.name, t.target.name, t.port)
}

// portName is how the containers of the target call the port.
func (t traffic) portName() string {
	if t.target.Pod == nil {
		return ""
	}
	for _, port := range t.target.Ports {
		protocol := port.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		if port.ContainerPort == t.port.Number && protocol == t.port.Protocol {
			return port.Name
		}
	}
	return ""
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
