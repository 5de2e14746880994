package network

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline.dev/plumbline/internal/workload"
)

// What one object of 1.5 MiB, or a few thousand objects, can make the package do is bounded. Work is counted, not timed: in bytes
// that are allocated, and words that are gone over.

const (
	manyBlocks  = 16_000
	manyPeers   = 5_000
	manyClasses = 5_000
	mebibyte    = 1 << 20
)

// egressTo is a policy of blocks of 2^14 addresses between which there are gaps: 14,123 of them are the internet, and fewer not.
func egressTo(t *testing.T, name string, first, blocks int) *Policy {
	t.Helper()
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	np.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	np.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
	for i := first; i < first+blocks; i++ {
		at := 2*i + 1
		block := networkingv1.IPBlock{CIDR: fmt.Sprintf("%d.%d.%d.0/18", 11+at/1024, at/4%256, at%4*64)}
		np.Spec.Egress[0].To = append(np.Spec.Egress[0].To, networkingv1.NetworkPolicyPeer{IPBlock: &block})
	}
	return compiled(t, np)
}

func compiled(t *testing.T, np *networkingv1.NetworkPolicy) *Policy {
	t.Helper()
	policy, err := Compile(np)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// allocated counts the bytes that are allocated meanwhile.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func atMost(t *testing.T, what string, got, most uint64) {
	t.Helper()
	if got > most {
		t.Errorf("%s: %d, at most %d", what, got, most)
	}
}

func TestTheInternetInManyBlocksIsFoundOnce(t *testing.T) {
	one := []*Policy{egressTo(t, "one", 0, manyBlocks)}
	var several []*Policy
	for i := range 1000 {
		several = append(several, egressTo(t, fmt.Sprintf("several-%04d", i), i*manyBlocks/1000, manyBlocks/1000))
	}
	for name, policies := range map[string][]*Policy{"one policy": one, "a thousand policies": several} {
		t.Run(name, func(t *testing.T) {
			var first, again Reach
			bytes := allocated(func() { first = Internet(policies, &Pod{Namespace: "shop"}) })
			atMost(t, "bytes", bytes, 200*mebibyte)
			if first.Verdict != Allowed || !first.Together || len(first.By) < 14_000 || len(first.By) > 14_500 {
				t.Errorf("got %s by %d together: %t", first.Verdict, len(first.By), first.Together)
			}
			bytes = allocated(func() { again = Internet(policies, &Pod{Namespace: "shop"}) })
			atMost(t, "bytes for another workload", bytes, mebibyte/4)
			if len(again.By) != len(first.By) {
				t.Errorf("got %d the second time, %d the first", len(again.By), len(first.By))
			}
		})
	}
}

func TestADefaultDenyThatManyPoliciesUndoIsLookedAtOnce(t *testing.T) {
	var policies []*Policy
	for i := range 8 {
		policies = append(policies, egressTo(t, fmt.Sprintf("part-%d", i), i*manyBlocks/8, manyBlocks/8))
	}
	if undone := DefaultDeny(policies, Egress).Undone; len(undone) < 14_000 {
		t.Fatalf("it is undone by %d", len(undone))
	}
	atMost(t, "bytes", allocated(func() { DefaultDeny(policies, Egress) }), mebibyte/4)
}

// A rule of many ports and many blocks has room in one object, and so has another beside it.
func TestPortsAreNotMultipliedByBlocks(t *testing.T) {
	const many = 2000
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "tangled"}}
	for parity := range 2 {
		var rule networkingv1.NetworkPolicyIngressRule
		for i := range many {
			from, to := intstr.FromInt(32*i+1), int32(32*i+25)
			rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Port: &from, EndPort: &to})
			block := networkingv1.IPBlock{CIDR: fmt.Sprintf("%d.%d.0.0/16", 11+(2*i+parity)/256, (2*i+parity)%256)}
			rule.From = append(rule.From, networkingv1.NetworkPolicyPeer{IPBlock: &block})
		}
		np.Spec.Ingress = append(np.Spec.Ingress, rule)
	}
	var all Everything
	atMost(t, "bytes", allocated(func() { all = compiled(t, np).AllowAll(Ingress) }), 50*mebibyte)
	if len(all.By) == 0 || !all.Together {
		t.Errorf("it does not let everything through: %d", len(all.By))
	}
	asked := 0
	compiled(t, np).eachOpening(Ingress, func(*rule) bool { asked++; return true }, func(Opening) bool { return true })
	if asked != 2 {
		t.Errorf("the ports of 2 rules were looked at %d times", asked)
	}
}

// So many rules open so many ports that their count does not fit into 32 bits.
func TestRulesAreNotTooManyToCount(t *testing.T) {
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "many"}}
	np.Spec.Ingress = make([]networkingv1.NetworkPolicyIngressRule, 1<<16+1)
	for _, protocol := range streams {
		one := intstr.FromInt32(1)
		np.Spec.Ingress = append(np.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{Ports: []networkingv1.NetworkPolicyPort{{Protocol: &protocol, Port: &one}}})
	}
	if len(compiled(t, np).AllowAll(Ingress).By) != 1<<16+1 {
		t.Error("what names neither peers nor ports is not found")
	}
}

func TestWhoIsLetInIsNotAskedPeerByPeer(t *testing.T) {
	s := NewSources()
	for i := range manyClasses {
		ref := workload.Ref{Kind: "Deployment", Namespace: fmt.Sprint("ns-", i%500), Name: fmt.Sprint(i)}
		s.Put(ref, ref, Pod{Namespace: ref.Namespace, Labels: map[string]string{"app": ref.Name, "tier": "web"}})
	}
	absent := func(key string) metav1.LabelSelectorRequirement {
		return metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpDoesNotExist}
	}
	for name, test := range map[string]struct {
		also  string
		leaks int
	}{
		"peers that select everybody": {"none", manyClasses},
		"peers that select nobody":    {"tier", 0},
	} {
		t.Run(name, func(t *testing.T) {
			np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "open"}}
			np.Spec.Ingress = make([]networkingv1.NetworkPolicyIngressRule, 1)
			for i := range manyPeers {
				pods := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{absent(fmt.Sprint("a", i)), absent(test.also)}}
				np.Spec.Ingress[0].From = append(np.Spec.Ingress[0].From, networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}, PodSelector: &pods})
			}
			policy, index := compiled(t, np), s.indexed()
			s.mu.Lock() // whoever tells of workloads may go on meanwhile
			e := newExposing(nil, index)
			e.open([]*Policy{policy}, &Pod{Namespace: "shop"}, []Port{{}})
			s.mu.Unlock()
			atMost(t, "words", uint64(e.search.words), manyPeers*(manyClasses/perWord+1)*5)
			if len(e.leaking) != test.leaks {
				t.Errorf("%d classes are let in, want %d", len(e.leaking), test.leaks)
			}
		})
	}
}

func TestAnIndexStaysWhatItWas(t *testing.T) {
	s := NewSources()
	ref := workload.Ref{Kind: "Deployment", Namespace: "shop", Name: "a"}
	inBlue := &choice{spaces: []requirement{{key: "team", valued: true, values: []string{"blue"}}}}
	found := func(x *index) bool {
		all := newMarks(len(x.classes))
		for i := range x.classes {
			all.put(i)
		}
		search := newSearch(x)
		return search.choose(inBlue, all, may)
	}
	s.Put(ref, ref, Pod{Namespace: "shop", NamespaceLabels: map[string]string{"team": "blue"}})
	first := s.indexed()
	if s.indexed() != first {
		t.Error("it is made again, although nothing changed")
	}
	s.Relabel("shop", map[string]string{"team": "red"})
	if second := s.indexed(); !found(first) || found(second) {
		t.Errorf("before the change: found %t, after it: found %t", found(first), found(second))
	}
}

// What an index finds is what is found one by one, also where labels have values that nobody knows.
func TestAnIndexFindsWhatSelectorsSelect(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	unknown := []string{"controller-uid", "job-name", "topology.kubernetes.io/zone"}
	keys := append([]string{"team", "acme/web"}, unknown...)
	labels := func(keys []string) map[string]string {
		made := map[string]string{}
		for _, key := range keys {
			if r.IntN(2) == 0 {
				made[key] = []string{"", "a", "b"}[r.IntN(3)]
			}
		}
		return made
	}
	found := 0
	for range 300 {
		var pods []Pod
		for range r.IntN(200) {
			pod := Pod{Namespace: fmt.Sprint("ns", r.IntN(3)), NamespaceLabels: labels(keys[:2]), Labels: labels(keys)}
			if r.IntN(2) == 0 {
				pod.Added = unknown[r.IntN(3):]
			}
			pods = append(pods, pod)
		}
		x := newIndex(make([]*class, len(pods)), pods)
		all := newMarks(len(pods))
		for i := range pods {
			all.put(i)
		}
		search := newSearch(x)
		for range 20 {
			in, of := randomSelector(r, append(keys[:2:2], "kubernetes.io/metadata.name")), randomSelector(r, keys)
			senders, err := Pods(in, of)
			if err != nil {
				t.Fatal(err)
			}
			for _, how := range []certainty{may, must} {
				got := map[int]bool{}
				if search.choose(&senders.choice, all, how) {
					search.found.each(func(i int) { got[i] = true })
				}
				found += len(got)
				for i := range pods {
					if want := senders.selects(&pods[i], how); got[i] != want {
						t.Fatalf("%+v, selected by %v in %v, %t: got %t, want %t", pods[i], of, in, how, got[i], want)
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("nothing was ever found")
	}
}

func randomSelector(r *rand.Rand, keys []string) *metav1.LabelSelector {
	operators := []metav1.LabelSelectorOperator{
		metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist,
	}
	made := &metav1.LabelSelector{}
	for range r.IntN(3) {
		one := metav1.LabelSelectorRequirement{Key: keys[r.IntN(len(keys))], Operator: operators[r.IntN(4)]}
		if one.Operator == metav1.LabelSelectorOpIn || one.Operator == metav1.LabelSelectorOpNotIn {
			one.Values = []string{"", "a", "b", "ns0", "ns1"}[r.IntN(4):]
		}
		made.MatchExpressions = append(made.MatchExpressions, one)
	}
	return made
}
