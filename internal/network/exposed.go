package network

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"plumbline.dev/plumbline/internal/workload"
)

// Senders are sources that may reach a workload: pods, or a block of addresses.
type Senders struct {
	namespaces labels.Selector
	pods       *selector
	choice     choice
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
	choice := choice{requirementsOf(selected), requirementsOf(inNamespaces)}
	return Senders{namespaces: inNamespaces, pods: newSelector(selected), choice: choice}, nil
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

	// Leaks are the sources: addresses first, by policy and block, then workloads by their names.
	Leaks []Leak

	// More counts leaks beyond the limit.
	More int
}

// Leak is a source that the policies let in and that is not among the allowed ones.
type Leak struct {
	// Source is the workload, or the zero Ref for addresses.
	Source workload.Ref

	// Block says of addresses what lets them in, all of it, such as "10.0.0.0/8" and "10.0.0.0/8 without 10.1.0.0/16", or
	// Everybody. Rules of one policy that let the same in are one leak.
	Block string

	// Beyond are addresses that are let in and not allowed, at most a few of the blocks that they make: those of an ipBlock,
	// or of a rule that lets everybody in. Further says that there are more.
	Beyond  []netip.Prefix
	Further bool

	// By is what lets the source in: for a workload, the first policy by name that does.
	By Opening

	// Port is the first of the ports that it is let in on.
	Port Port
}

const (
	// Everybody is the Block of a rule that names no peer.
	Everybody = "everything"

	// maxBeyond bounds how many blocks are shown of what a rule lets in, or leaves out.
	maxBeyond = 4
)

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
	e := newExposing(allowed, sources.indexed())
	e.open(selecting, target, ports)
	leaks := slices.Concat(e.blocks(), e.named(sources, ref))
	if len(leaks) == 0 {
		return Exposure{Verdict: Denied}
	}
	more := max(0, len(leaks)-limit)
	leaks = leaks[: len(leaks)-more : len(leaks)-more]
	for i := range leaks {
		leaks[i].show(e.within)
	}
	return Exposure{Verdict: Allowed, Leaks: leaks, More: more}
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

// exposing gathers leaks. Each class is one at most once: what was let in, or is allowed, nobody asks for again.
type exposing struct {
	allowed []Senders
	within  set
	search  search

	// left are the classes that no rule let in so far, and that are not allowed.
	left    marks
	leaking []leaking

	// unsure are, for each of the allowed senders, the classes that may be theirs, where it depends on labels of which nobody
	// knows the value; nil until that is asked.
	unsure []marks

	byBlock map[blockOf]Leak
}

// leaking is a class that is let in.
type leaking struct {
	class *class
	by    Opening
	port  Port
}

// blockOf tells the addresses that a policy lets in from others.
type blockOf struct {
	policy *Policy
	block  string
}

func newExposing(allowed []Senders, x *index) *exposing {
	e := &exposing{allowed: allowed, within: blocksOf(allowed), search: newSearch(x), left: newMarks(len(x.classes))}
	if e.within.covers(everyIPv4) || e.within.covers(everyIPv6) {
		return e
	}
	for i := range x.classes {
		e.left.put(i)
	}
	for i := range allowed {
		if allowed[i].pods != nil && e.search.choose(&allowed[i].choice, e.left, must) {
			e.left.drop(e.search.found)
		}
	}
	return e
}

// open gathers what the policies, which all select the target, let in on one of the ports.
func (e *exposing) open(selecting []*Policy, target *Pod, ports []Port) {
	names, port := namesOf(target), Port{}
	eachOpening(selecting, Ingress, func(r *rule) bool {
		i := slices.IndexFunc(ports, func(port Port) bool { return r.allowsPort(names, port) })
		if i >= 0 {
			port = ports[i]
		}
		return i >= 0
	}, func(o Opening) bool {
		e.addresses(o, port)
		e.workloads(o, port)
		return true
	})
}

func (e *exposing) addresses(o Opening, port Port) {
	if _, ok := o.CIDR(); !ok && o.Peer != NoPeer {
		return
	}
	if e.within.covers(o.addresses()) {
		return
	}
	if e.byBlock == nil {
		e.byBlock = map[blockOf]Leak{}
	}
	block := blockOf{o.Policy, o.blockBeyond(e.within)}
	if _, known := e.byBlock[block]; !known {
		e.byBlock[block] = Leak{Block: block.block, By: o, Port: port}
	}
}

func (e *exposing) workloads(o Opening, port Port) {
	if o.Peer == NoPeer {
		return
	}
	peer := &o.rule().peers[o.Peer]
	if peer.pods == nil || !e.search.choose(&peer.choice, e.left, may) {
		return
	}
	e.allowBy(peer)
	e.search.found.each(func(i int) {
		e.leaking = append(e.leaking, leaking{e.search.classes[i], o, port})
	})
	e.left.drop(e.search.found)
}

// allowBy takes out of what was found those whose pods that the peer selects are allowed, where it depends on labels of which
// nobody knows the value which these are.
func (e *exposing) allowBy(by *peer) {
	if len(by.pods.added) == 0 {
		return
	}
	if e.unsure == nil {
		e.unsure = e.unsurely()
	}
	for i := range e.allowed {
		if e.unsure[i] != nil && by.pods.asksFor(e.allowed[i].pods) {
			e.search.found.drop(e.unsure[i])
		}
	}
}

func (e *exposing) unsurely() []marks {
	unsure := make([]marks, len(e.allowed))
	search := newSearch(e.search.index)
	for i := range e.allowed {
		if e.allowed[i].pods != nil && search.choose(&e.allowed[i].choice, search.unsure, may) {
			unsure[i] = slices.Clone(search.found)
		}
	}
	return unsure
}

// blocks are the leaks of addresses. What is the same comes in one order, however the rules are ordered.
func (e *exposing) blocks() []Leak {
	return slices.SortedFunc(maps.Values(e.byBlock), func(a, b Leak) int {
		return cmp.Or(a.By.block().compare(b.By.block()), cmp.Compare(a.Block, b.Block))
	})
}

// named are the leaks of workloads, but for the target itself. One that is in several classes is let in by the first rule that
// lets any of them in.
func (e *exposing) named(sources *Sources, target workload.Ref) []Leak {
	var all []letIn
	sources.eachIn(e.leaking, func(at int, source workload.Ref) {
		if source != target {
			all = append(all, letIn{source, at})
		}
	})
	slices.SortFunc(all, func(a, b letIn) int { return cmp.Or(bySource(a.source, b.source), cmp.Compare(a.at, b.at)) })
	all = slices.CompactFunc(all, func(a, b letIn) bool { return a.source == b.source })
	leaks := make([]Leak, len(all))
	for i, each := range all {
		leaks[i] = Leak{Source: each.source, By: e.leaking[each.at].by, Port: e.leaking[each.at].port}
	}
	return leaks
}

// letIn is a workload that is in a class that leaks.
type letIn struct {
	source workload.Ref
	at     int
}

func bySource(a, b workload.Ref) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group, b.Group))
}

// show adds a few of the addresses that a leak lets in beyond those that are allowed.
func (l *Leak) show(within set) {
	if l.Block == "" {
		return
	}
	beyond := l.By.addresses().minus(within).prefixes(maxBeyond + 1)
	l.Beyond, l.Further = beyond[:min(len(beyond), maxBeyond)], len(beyond) > maxBeyond
}

// blockBeyond says what of addresses the opening lets in, all of it: the block, with what it leaves out of those that are not
// allowed. Where that is too much to say it is told from all else, so that nothing else goes by the same name.
func (o Opening) blockBeyond(within set) string {
	cidr, ok := o.CIDR()
	if !ok {
		return Everybody
	}
	without := setOf(o.rule().peers[o.Peer].except...).minus(within)
	if len(without) == 0 {
		return cidr.String()
	}
	blocks := without.prefixes(maxBeyond + 1)
	if len(blocks) > maxBeyond {
		return fmt.Sprintf("%s without %s and more (%s)", cidr, blocks[0], without.digest())
	}
	words := make([]string, len(blocks))
	for i, block := range blocks {
		words[i] = block.String()
	}
	return cidr.String() + " without " + strings.Join(words, ", ")
}
