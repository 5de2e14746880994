package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"plumbline.dev/plumbline/internal/workload"
)

// Senders are sources that may reach a workload: pods, or a block of addresses.
type Senders struct {
	namespaces labels.Selector
	pods       *selector
	cidr       netip.Prefix
}

// Pods are the pods that both selectors select. A selector that is nil selects all, unlike in a NetworkPolicy, where a peer
// without namespaceSelector stays in the namespace of the policy: a baseline has none. An unknown operator is an error.
func Pods(namespaces, pods *metav1.LabelSelector) (Senders, error) {
	all := &metav1.LabelSelector{}
	inNamespaces, err := metav1.LabelSelectorAsSelector(cmp.Or(namespaces, all))
	if err != nil {
		return Senders{}, fmt.Errorf("namespaceSelector: %w", err)
	}
	selected, err := metav1.LabelSelectorAsSelector(cmp.Or(pods, all))
	if err != nil {
		return Senders{}, fmt.Errorf("podSelector: %w", err)
	}
	return Senders{namespaces: inNamespaces, pods: newSelector(selected)}, nil
}

// Addresses are those of a block such as 10.0.0.0/8.
func Addresses(cidr string) (Senders, error) {
	block, err := parseCIDR(cidr)
	if err != nil {
		return Senders{}, fmt.Errorf("cidr: %w", err)
	}
	return Senders{cidr: block}, nil
}

// Select says whether the senders are pods, and this is one of them, or may be. Unlike in a NetworkPolicy, a pod on the host's
// network is one: a baseline speaks of pods, and not of their traffic.
func (s Senders) Select(pod *Pod) bool { return s.selects(pod, may) }

func (s Senders) selects(pod *Pod, how certainty) bool {
	return s.pods != nil && s.namespaces.Matches((*namespaceOf)(pod)) && s.pods.matches(pod, how)
}

// Exposure is what may reach a workload and should not.
type Exposure struct {
	// Verdict is Denied where nothing may, Allowed where Leaks is not empty, Unisolated where no policy isolates the workload
	// and so everything may, and HostNetwork where policies say nothing.
	Verdict Verdict

	// Leaks are the sources: addresses first, by policy, then workloads by their names.
	Leaks []Leak

	// More counts leaks beyond the limit.
	More int
}

// Leak is a source that the policies let in and that is not among the allowed ones.
type Leak struct {
	// Source is the workload, or the zero Ref for addresses.
	Source workload.Ref

	// Beyond are addresses that are let in and not allowed, at most a few of the blocks that they make: those of an ipBlock,
	// or of a rule that lets everybody in.
	Beyond []netip.Prefix

	// By is what lets the source in: for a workload, the first policy by name that does.
	By Opening

	// Port is the first of the ports that it is let in on.
	Port Port
}

// maxBeyond bounds how many blocks are shown of what a rule lets in.
const maxBeyond = 4

// Exposed returns what the policies let into the target on one of the ports, or on any if there are none, beyond the allowed
// senders; at most limit leaks are listed.
//
// Workloads are let in by selectors and by rules without peers. The latter are one leak of addresses: whoever they let in
// needs no name. A workload that several rules let in is one leak. Where the allowed senders hold all addresses of a family, every workload is allowed too, because it has one;
// a smaller block allows no workload, because nobody knows its pods' addresses. The target itself is no leak: its pods talking
// to each other is nothing new. It is named as it is among the sources. What the source may send is not asked: see Emits.
func Exposed(policies []*Policy, ref workload.Ref, target *Pod, ports []Port, allowed []Senders, sources *Sources, limit int) Exposure {
	if target.HostNetwork {
		return Exposure{Verdict: HostNetwork}
	}
	selecting := Selecting(policies, target, Ingress)
	if len(selecting) == 0 {
		return Exposure{Verdict: Unisolated}
	}
	if len(ports) == 0 {
		ports = []Port{{}}
	}
	e := &exposing{
		target: ref, allowed: allowed, within: blocksOf(allowed), judged: map[*class]bool{}, named: map[workload.Ref]bool{},
	}
	sources.mu.Lock()
	eachOpening(selecting, Ingress, func(o Opening) bool {
		if i := slices.IndexFunc(ports, func(port Port) bool { return o.rule().allowsPort(target, port) }); i >= 0 {
			e.addresses(o, ports[i])
			e.workloads(o, ports[i], sources)
		}
		return true
	})
	sources.mu.Unlock()
	return e.exposure(limit)
}

// blocksOf are the addresses of senders.
func blocksOf(allowed []Senders) set {
	var blocks []netip.Prefix
	for _, senders := range allowed {
		if senders.cidr.IsValid() {
			blocks = append(blocks, senders.cidr)
		}
	}
	return setOf(blocks...)
}

// exposing gathers leaks.
type exposing struct {
	target     workload.Ref
	allowed    []Senders
	within     set
	judged     map[*class]bool
	named      map[workload.Ref]bool
	byWorkload []Leak
	byAddress  []Leak
}

func (e *exposing) addresses(o Opening, port Port) {
	if _, ok := o.CIDR(); !ok && o.Peer != NoPeer {
		return
	}
	if beyond := o.addresses().minus(e.within); len(beyond) > 0 {
		e.byAddress = append(e.byAddress, Leak{Beyond: beyond.prefixes(maxBeyond), By: o, Port: port})
	}
}

func (e *exposing) workloads(o Opening, port Port, sources *Sources) {
	if o.Peer == NoPeer {
		return
	}
	peer := &o.rule().peers[o.Peer]
	for _, c := range sources.selectedBy(peer, o.Policy.Ref.Namespace) {
		if e.judged[c] || e.allowsBy(peer, &c.pod) {
			continue
		}
		e.judged[c] = true
		if e.allows(&c.pod) {
			continue
		}
		for source := range c.refs {
			if source != e.target && !e.named[source] {
				e.named[source] = true
				e.byWorkload = append(e.byWorkload, Leak{Source: source, By: o, Port: port})
			}
		}
	}
}

func (e *exposing) allows(pod *Pod) bool {
	if e.within.covers(everyIPv4) || e.within.covers(everyIPv6) {
		return true
	}
	return slices.ContainsFunc(e.allowed, func(senders Senders) bool { return senders.selects(pod, must) })
}

// allowsBy says whether those pods that the peer selects are allowed, where it depends on labels of which nobody knows the
// value which these are.
func (e *exposing) allowsBy(by *peer, pod *Pod) bool {
	return len(by.pods.added) > 0 && len(pod.Added) > 0 && slices.ContainsFunc(e.allowed, func(senders Senders) bool {
		return senders.Select(pod) && by.pods.asksFor(senders.pods)
	})
}

func (e *exposing) exposure(limit int) Exposure {
	slices.SortFunc(e.byWorkload, func(a, b Leak) int {
		x, y := a.Source, b.Source
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.Group, y.Group))
	})
	leaks := slices.Concat(e.byAddress, e.byWorkload)
	if len(leaks) == 0 {
		return Exposure{Verdict: Denied}
	}
	more := max(0, len(leaks)-limit)
	return Exposure{Verdict: Allowed, Leaks: leaks[: len(leaks)-more : len(leaks)-more], More: more}
}
