// Package network says what the NetworkPolicies of a cluster allow: which of them select a pod, in which directions it is
// isolated, and what their union lets in and out.
//
// The words are those of the Kubernetes documentation: a pod that at least one policy selects in a direction is isolated in
// that direction, and then only what a rule of one of these policies allows gets through. A pod that none selects lets
// everything through. Policies only ever add to what is allowed; their order does not matter.
//
// Pods on the host's network are isolated by no policy, and are told from others by no selector: what gets in and out there
// is up to the network plugin. Every question about one is answered with HostNetwork, never with a guess.
//
// What the package cannot see: the addresses of pods and nodes (an ipBlock is held against addresses that are handed in,
// never against pods), traffic from the node to its own pods, which is always allowed, and policies of other kinds.
package network

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// Direction is that of the traffic, seen from the pod that a policy selects.
type Direction int

// The directions.
const (
	Ingress Direction = iota
	Egress
)

// String returns the name of the field in a NetworkPolicy: "ingress" or "egress".
func (d Direction) String() string {
	if d == Egress {
		return "egress"
	}
	return "ingress"
}

// Policy is a NetworkPolicy, compiled. What it says does not change afterwards, and it may be used by many at once.
type Policy struct {
	// Ref names the policy.
	Ref workload.Ref

	pods     *selector
	isolates [2]bool
	rules    [2][]rule

	// home asks for the namespace of the policy, which its peers without namespaceSelector stay in.
	home []requirement

	// sums is what the rules come to. Not everybody asks for it, and it takes a while.
	sums    sums
	summing sync.Once

	// internet and all are what the last policies that began with this one make of the internet, and let through at all:
	// most workloads of a namespace are selected by the same policies, one like the other.
	internet atomic.Pointer[remembered[Reach]]
	all      [2]atomic.Pointer[remembered[Everything]]
}

// sums is what the rules of a policy come to.
type sums struct {
	// public is what the egress rules together open of the internet, and v4 and v6 count the addresses of that.
	public set
	v4, v6 float64

	// all is what lets everything through, and most how many ports of each protocol the policy may open so at most.
	all  [2]Everything
	most [2][2]float64
}

func (p *Policy) sum() *sums {
	p.summing.Do(func() {
		s := &p.sums
		s.public = p.opened()
		s.v4, s.v6 = s.public.size()
		for _, d := range []Direction{Ingress, Egress} {
			s.all[d], s.most[d] = allowAll([]*Policy{p}, d)
		}
	})
	return &p.sums
}

// remembered is what was found of some policies.
type remembered[T any] struct {
	of    []*Policy
	found T
}

// once finds out what there is to find of policies, unless these were the last of which it was asked.
func once[T any](last *atomic.Pointer[remembered[T]], policies []*Policy, find func([]*Policy) T) T {
	if known := last.Load(); known != nil && slices.Equal(known.of, policies) {
		return known.found
	}
	found := find(policies)
	last.Store(&remembered[T]{policies, found})
	return found
}

// String returns the name for messages, such as "NetworkPolicy shop/default-deny".
func (p *Policy) String() string { return p.Ref.String() }

// rule is one of ingress or egress. Without peers it lets everybody through, without ports every port.
type rule struct {
	peers []peer
	ports []ports
}

// Pod is what policies look at in a pod, or in the pods of a workload.
type Pod struct {
	// Namespace is that of the pod, and NamespaceLabels those of the namespace. The label kubernetes.io/metadata.name counts
	// as set, because the API server sets it, also where files leave it out.
	Namespace       string
	NamespaceLabels map[string]string

	// Labels are those of the pod, or of the template that pods are made from. Added are the keys of those that pods have
	// beside these, or may have: each has a value that nobody knows here, and that may be another for each pod.
	Labels map[string]string
	Added  []string

	// HostNetwork says that the pod shares the network of its node.
	HostNetwork bool

	// Ports are those of all its containers. Named ports of policies are looked up in them.
	Ports []corev1.ContainerPort
}

// Selects says whether the policy applies to the pod: same namespace, and its podSelector matches. An empty podSelector
// matches every pod of the namespace. Of pods that have labels of which nobody knows the value, it is enough that it may apply
// to some. A pod on the host's network counts, although the policy has no effect on it. A policy that was not compiled selects
// nothing.
func (p *Policy) Selects(pod *Pod) bool { return p.selects(pod, may) }

func (p *Policy) selects(pod *Pod, how certainty) bool {
	return p.pods != nil && p.Ref.Namespace == pod.Namespace && p.pods.matches(pod, how)
}

// SelectsAll says whether the policy applies to every pod of its namespace, also to those that are yet to come: its
// podSelector is empty.
func (p *Policy) SelectsAll() bool { return p.pods != nil && p.pods.Empty() }

// Isolates says whether the policy isolates in the direction the pods that it selects.
func (p *Policy) Isolates(d Direction) bool { return p.isolates[d] }

// Selector returns the podSelector as people write it, such as "app=api,tier in (back,front)"; empty where it is.
func (p *Policy) Selector() string {
	if p.pods == nil {
		return ""
	}
	return p.pods.String()
}

// isolatesPod says whether the policy isolates the pod, which is not on the host's network.
func (p *Policy) isolatesPod(pod *Pod, d Direction, how certainty) bool {
	return p.isolates[d] && p.selects(pod, how)
}

// Isolated says whether any of the policies isolates the pod in the direction, for certain. None isolates one on the host's
// network.
func Isolated(policies []*Policy, pod *Pod, d Direction) bool {
	return !pod.HostNetwork && slices.ContainsFunc(policies, func(p *Policy) bool { return p.isolatesPod(pod, d, must) })
}

// Selecting returns the policies that select the pod in the direction, in the order of their names; none where none isolates it
// for certain, as on the host's network. What opens the way to some of the pods that are made from a template is among them.
func Selecting(policies []*Policy, pod *Pod, d Direction) []*Policy {
	if !Isolated(policies, pod, d) {
		return nil
	}
	var selecting []*Policy
	for _, policy := range policies {
		if policy.isolatesPod(pod, d, may) {
			selecting = append(selecting, policy)
		}
	}
	slices.SortFunc(selecting, byName)
	return selecting
}

func byName(a, b *Policy) int { return strings.Compare(a.Ref.Name, b.Ref.Name) }
