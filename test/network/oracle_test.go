package network_test

import (
	"maps"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// oracle is cyclonus, told what the API server makes of policies.
type oracle struct{ *matcher.Policy }

func newOracle(w *world) *oracle {
	var policies []*networkingv1.NetworkPolicy
	for _, np := range w.policies {
		np = np.DeepCopy()
		setDefaults(np)
		translate(&np.Spec.PodSelector)
		policies = append(policies, np)
	}
	(&world{policies: policies}).peers(func(peer *networkingv1.NetworkPolicyPeer) {
		translate(peer.PodSelector)
		translate(peer.NamespaceSelector)
	})
	return &oracle{matcher.BuildNetworkPolicies(false, policies)}
}

// setDefaults does what pkg/apis/networking/v1/defaults.go of Kubernetes does, which cyclonus leaves to the API server.
func setDefaults(np *networkingv1.NetworkPolicy) {
	if len(np.Spec.PolicyTypes) > 0 {
		return
	}
	np.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(np.Spec.Egress) != 0 {
		np.Spec.PolicyTypes = append(np.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
}

// Labels that stand in for those of the same name, and are on every object: the value of a label that is missing is absent.
const (
	alias  = "always-"
	absent = "(absent)"
)

// translate says the same in words that cyclonus understands rightly.
func translate(selector *metav1.LabelSelector) {
	if selector == nil {
		return
	}
	for i := range selector.MatchExpressions {
		if each := &selector.MatchExpressions[i]; each.Operator == metav1.LabelSelectorOpNotIn {
			each.Key = alias + each.Key
		}
	}
	for key, value := range selector.MatchLabels {
		if value == "" {
			delete(selector.MatchLabels, key)
			selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{
				Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{""},
			})
		}
	}
}

func translated(labels map[string]string) map[string]string {
	all := maps.Clone(labels)
	if all == nil {
		all = map[string]string{}
	}
	for _, key := range keys {
		if value, ok := labels[key]; ok {
			all[alias+key] = value
		} else {
			all[alias+key] = absent
		}
	}
	return all
}

// judge says whether the traffic is let out, and let in.
func (o *oracle) judge(t traffic) (out, in bool) {
	result := o.IsTrafficAllowed(&matcher.Traffic{
		Source:           peerOf(t.source),
		Destination:      peerOf(t.target),
		ResolvedPort:     int(t.port.Number),
		ResolvedPortName: t.portName(),
		Protocol:         t.port.Protocol,
	})
	return result.Egress.IsAllowed(), result.Ingress.IsAllowed()
}

func peerOf(e *end) *matcher.TrafficPeer {
	peer := &matcher.TrafficPeer{IP: e.addr.String()}
	if e.Pod != nil {
		peer.Internal = &matcher.InternalPeer{
			Namespace:       e.Namespace,
			NamespaceLabels: translated(e.NamespaceLabels),
			PodLabels:       translated(e.Labels),
		}
	}
	return peer
}
