package network

import "k8s.io/apimachinery/pkg/runtime/schema"

// OtherPolicyKinds are the kinds of policies that may decide what gets through beside NetworkPolicies, by the names of their
// CustomResourceDefinitions. What they say is not read: where one of them is, what NetworkPolicies say is not all.
var OtherPolicyKinds = map[string]schema.GroupKind{
	"ciliumnetworkpolicies.cilium.io":                       {Group: "cilium.io", Kind: "CiliumNetworkPolicy"},
	"ciliumclusterwidenetworkpolicies.cilium.io":            {Group: "cilium.io", Kind: "CiliumClusterwideNetworkPolicy"},
	"networkpolicies.crd.projectcalico.org":                 {Group: "crd.projectcalico.org", Kind: "NetworkPolicy"},
	"globalnetworkpolicies.crd.projectcalico.org":           {Group: "crd.projectcalico.org", Kind: "GlobalNetworkPolicy"},
	"networkpolicies.projectcalico.org":                     {Group: "projectcalico.org", Kind: "NetworkPolicy"},
	"globalnetworkpolicies.projectcalico.org":               {Group: "projectcalico.org", Kind: "GlobalNetworkPolicy"},
	"adminnetworkpolicies.policy.networking.k8s.io":         {Group: "policy.networking.k8s.io", Kind: "AdminNetworkPolicy"},
	"baselineadminnetworkpolicies.policy.networking.k8s.io": {Group: "policy.networking.k8s.io", Kind: "BaselineAdminNetworkPolicy"},
	"clusternetworkpolicies.policy.networking.k8s.io":       {Group: "policy.networking.k8s.io", Kind: "ClusterNetworkPolicy"},
}

// IsOtherPolicy says whether a kind is one of OtherPolicyKinds.
func IsOtherPolicy(kind schema.GroupKind) bool {
	for _, other := range OtherPolicyKinds {
		if other == kind {
			return true
		}
	}
	return false
}

// IsClusterWide says of one of OtherPolicyKinds whether its policies are in no namespace: they may decide in every one.
func IsClusterWide(kind schema.GroupKind) bool {
	return kind.Kind != "NetworkPolicy" && kind.Kind != "CiliumNetworkPolicy"
}
