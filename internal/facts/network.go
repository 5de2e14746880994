package facts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var (
	networkPolicy = schema.GroupKind{Group: networkingv1.GroupName, Kind: "NetworkPolicy"}
	namespaceKind = schema.GroupKind{Kind: "Namespace"}
)

// policies keeps NetworkPolicies compiled: each is read by every workload of its namespace.
type policies struct {
	mu   sync.Mutex
	byID map[types.UID]compiledPolicy
	// given are those of namespaces of which there is nothing but what was given, so that they stay as they are.
	given map[string]func() ([]*network.Policy, error)
}

// compiledPolicy is compiled once, by the first who asks, while the others that ask for it wait and nobody else.
type compiledPolicy struct {
	version string
	compile func() (*network.Policy, error)
}

// of returns a NetworkPolicy compiled.
func (p *policies) of(np *networkingv1.NetworkPolicy) (*network.Policy, error) {
	if np.UID == "" { // from a file
		return network.Compile(np)
	}
	return p.known(np).compile()
}

func (p *policies) known(np *networkingv1.NetworkPolicy) compiledPolicy {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, is := p.byID[np.UID]
	if is && known.version == np.ResourceVersion {
		return known
	}
	if p.byID == nil {
		p.byID = map[types.UID]compiledPolicy{}
	}
	known = compiledPolicy{np.ResourceVersion, sync.OnceValues(func() (*network.Policy, error) { return network.Compile(np) })}
	p.byID[np.UID] = known
	return known
}

// in returns the NetworkPolicies of a namespace of which there is nothing but what was given. They are read once.
func (p *policies) in(namespace string, read func() ([]*network.Policy, error)) ([]*network.Policy, error) {
	p.mu.Lock()
	known, is := p.given[namespace]
	if !is {
		if p.given == nil {
			p.given = map[string]func() ([]*network.Policy, error){}
		}
		known = sync.OnceValues(read)
		p.given[namespace] = known
	}
	p.mu.Unlock()
	return known()
}

// ForgetPolicy frees what is kept of a NetworkPolicy that is gone.
func (c *Cluster) ForgetPolicy(uid types.UID) {
	c.compiled.mu.Lock()
	defer c.compiled.mu.Unlock()
	delete(c.compiled.byID, uid)
}

// Policies returns the NetworkPolicies of a namespace, in the order of their names. One that cannot be read makes what the
// others say unsure: it is an error. The slice must not be changed.
func (c *Cluster) Policies(ctx context.Context, namespace string) ([]*network.Policy, error) {
	if c.given {
		return c.compiled.in(namespace, func() ([]*network.Policy, error) { return c.readPolicies(ctx, namespace) })
	}
	return c.readPolicies(ctx, namespace)
}

func (c *Cluster) readPolicies(ctx context.Context, namespace string) ([]*network.Policy, error) {
	var list networkingv1.NetworkPolicyList
	if err := c.Cache.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list networkpolicies: %w", err)
	}
	compiled := make([]*network.Policy, 0, len(list.Items))
	for i := range list.Items {
		policy, err := c.compiled.of(&list.Items[i])
		if err != nil {
			return nil, &unusable{err}
		}
		compiled = append(compiled, policy)
	}
	slices.SortFunc(compiled, func(a, b *network.Policy) int { return strings.Compare(a.Ref.Name, b.Ref.Name) })
	return compiled, nil
}

// unusable is a NetworkPolicy that cannot be read, which the API server should have refused.
type unusable struct{ error }

// networkBlind says why it is not known what NetworkPolicies say in a namespace; empty when it is.
func (c *Cluster) networkBlind() string {
	if !c.Readable(networkPolicy) {
		return cannotList + "networkpolicies"
	}
	return ""
}

// addNetwork adds what NetworkPolicies look at in a workload.
func (c *Cluster) addNetwork(ctx context.Context, w *workload.Workload, facts *judgement.Facts) error {
	namespace, err := c.Namespace(ctx, w.Namespace)
	if err != nil {
		return err
	}
	facts.Network = engine.Network{Pod: PodOf(w, namespace.Labels), Sources: c.Sources}
	facts.Network.Policies, err = c.policiesIn(ctx, w.Namespace, &facts.Unreadable)
	if c.needs(engine.NeedSources) {
		c.sourcesBlind(w.Namespace, namespace.Known, facts)
	}
	return err
}

// sourcesBlind takes down what is not known of who may reach whom. Without the labels of namespaces nobody knows whom a baseline
// protects, and whom a policy lets in; workloads that cannot be read may be let in beside those that can.
func (c *Cluster) sourcesBlind(namespace string, known bool, facts *judgement.Facts) {
	switch {
	case c.Sources == nil:
		miss(&facts.Unreadable, engine.NeedSources, "they were not given")
	case !c.Readable(namespaceKind):
		miss(&facts.Unreadable, engine.NeedSources, cannotList+"namespaces, by whose labels they are told apart")
	case !known && !c.given:
		miss(&facts.Unreadable, engine.NeedSources, "Namespace "+namespace+" is not known yet")
	}
	var blind []string
	for _, kind := range workload.Kinds() {
		if !c.Readable(kind.GroupKind()) {
			blind = append(blind, kind.Resource)
		}
	}
	if len(blind) > 0 {
		miss(&facts.Partial, engine.NeedSources, cannotList+strings.Join(blind, ", "))
	}
}

// Sends takes down what the pods of a workload look like to NetworkPolicies, which may let them in elsewhere, and says whether
// that changed anything. What its controller stands for is no sender beside it, and neither is what runs no pods.
func (c *Cluster) Sends(ctx context.Context, w *workload.Workload) (changed bool, err error) {
	if workload.Trimmed(*w) || w.AtRest() {
		return c.Sources.Delete(w.Ref), nil
	}
	namespace, err := c.Namespace(ctx, w.Namespace)
	return c.Sources.Put(w.Ref, w.Target(), PodOf(w, namespace.Labels)), err
}

// Stands says whether a workload may stand for itself for all that the cache knows: it names no watched controller that makes
// such objects, or one that is not there.
func (c *Cluster) Stands(ctx context.Context, w *workload.Workload) bool {
	owner, ref := controller(*w)
	if ref.Kind == "" {
		return true
	}
	kind, _ := workload.KindOf(ref.GroupKind())
	if !c.Readable(kind.GroupKind()) {
		return false
	}
	obj, err := get(ctx, c.Cache, kind, ref)
	return err != nil || obj == nil || obj.GetUID() != owner.UID
}

// policiesIn returns the NetworkPolicies of a namespace, and takes down what is not known of them.
func (c *Cluster) policiesIn(ctx context.Context, namespace string, unreadable *map[engine.Need]string) ([]*network.Policy, error) {
	if blind := c.networkBlind(); blind != "" {
		miss(unreadable, engine.NeedNetwork, blind)
		return nil, nil
	}
	found, err := c.Policies(ctx, namespace)
	if broken, is := err.(*unusable); is { //nolint:errorlint // it is never wrapped
		miss(unreadable, engine.NeedNetwork, broken.Error())
		err = nil
	}
	if c.OtherPolicies != nil {
		if others := c.OtherPolicies(namespace); len(others) > 0 {
			miss(unreadable, engine.NeedNoOtherPolicies, others[0]+" may decide")
		}
	}
	return found, err
}

// PodOf returns what NetworkPolicies look at in the pods of a workload.
func PodOf(w *workload.Workload, namespace map[string]string) network.Pod {
	pod := network.Pod{
		Namespace: w.Namespace, NamespaceLabels: namespace, Labels: w.PodMeta.Labels, Added: w.AddedLabels(), HostNetwork: w.Pod.HostNetwork,
	}
	for container := range w.Containers() {
		pod.Ports = append(pod.Ports, container.Ports...)
	}
	return pod
}

// policy reads a NetworkPolicy as a target.
func (c *Cluster) policy(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	obj, state, err := c.other(ctx, ref)
	np, is := obj.(*networkingv1.NetworkPolicy)
	if !is {
		return nil, state, err
	}
	judged := engine.Other{}
	compiled, err := c.compiled.of(np)
	if err != nil {
		miss(&judged.Unreadable, engine.NeedNetwork, err.Error())
		compiled = &network.Policy{Ref: ref}
	}
	judged.Policy = &engine.Policy{Policy: compiled}
	if c.needs(engine.NeedWorkloads) {
		workloads, blind, err := c.workloadsIn(ctx, ref.Namespace)
		if err != nil {
			return nil, Gone, err
		}
		judged.Policy.Selects = slices.ContainsFunc(workloads, func(w workload.Workload) bool {
			pod := PodOf(&w, nil)
			return compiled.Selects(&pod)
		})
		if blind != "" && !judged.Policy.Selects {
			miss(&judged.Unreadable, engine.NeedWorkloads, blind)
		}
	}
	target, state, err := c.otherTarget(ctx, ref, obj, judged)
	if target != nil && c.needs(engine.NeedWorkloads) && !judged.Policy.Selects && !compiled.SelectsAll() {
		target.Unsettled, target.Object.Passing = true, engine.NeedWorkloads
	}
	return target, state, err
}

// workloadsIn returns the workloads of a namespace that stand for themselves or for an owner of a kind that is not watched, and
// why there may be more. What has finished is not among them, nor are revisions that run no pods, unless an owner has no others:
// then the newest is. What stands for itself counts also when it is scaled to nothing: it may be scaled up again.
func (c *Cluster) workloadsIn(ctx context.Context, namespace string) (found []workload.Workload, blind string, err error) {
	for _, kind := range workload.Kinds() {
		if !c.Readable(kind.GroupKind()) {
			blind = cannotList + kind.Resource
			continue
		}
		workloads, err := List(ctx, c.Cache, kind, client.InNamespace(namespace))
		if err != nil {
			return nil, "", err
		}
		for _, w := range workloads {
			if !workload.Trimmed(w) && !w.Finished {
				found = append(found, w)
			}
		}
	}
	return withoutIdle(found), blind, nil
}

// withoutIdle leaves out revisions that are asked to run no pods, but for the newest of an owner that runs none at all.
func withoutIdle(workloads []workload.Workload) []workload.Workload {
	var kept []workload.Workload
	runs, idle := map[workload.Ref]bool{}, map[workload.Ref][]workload.Workload{}
	for _, w := range workloads {
		switch of := w.Target(); {
		case !w.Idle() || of == w.Ref:
			runs[of] = true
			kept = append(kept, w)
		default:
			idle[of] = append(idle[of], w)
		}
	}
	for _, of := range slices.SortedFunc(maps.Keys(idle), func(a, b workload.Ref) int { return strings.Compare(a.String(), b.String()) }) {
		if !runs[of] {
			kept = append(kept, newest(idle[of]))
		}
	}
	return kept
}

// namespace reads a namespace as a target.
func (c *Cluster) namespace(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	obj, state, err := c.other(ctx, ref)
	namespace, is := obj.(*corev1.Namespace)
	if !is {
		return nil, state, err
	}
	if namespace.DeletionTimestamp != nil { // what is in it goes one by one, and its report with it
		return nil, Owned, nil
	}
	judged := engine.Other{Namespace: &engine.Namespace{Ref: ref, Labels: namespace.Labels}}
	if c.needs(engine.NeedNetwork) {
		if judged.Namespace.Policies, err = c.policiesIn(ctx, ref.Name, &judged.Unreadable); err != nil {
			return nil, Gone, err
		}
	}
	if c.needs(engine.NeedWorkloads) {
		if c.Server != nil {
			judged.Namespace.Server = c.Server(ctx)
		}
		var blind string
		if judged.Namespace.Workloads, blind, err = c.workloadsIn(ctx, ref.Name); err != nil {
			return nil, Gone, err
		}
		if blind != "" {
			miss(&judged.Unreadable, engine.NeedWorkloads, blind)
		}
	}
	return c.otherTarget(ctx, ref, obj, judged)
}
