package v1alpha1_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func TestARuleOnTheNetworkIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, spec := range map[string]string{
		"that declares nothing":           `{networkPolicies: {}}`,
		"for one direction":               `{networkPolicies: {defaultDeny: {egress: Required}, isolation: {ingress: Required}}}`,
		"for workloads that none may use": `{networkPolicies: {reachability: [{to: {podSelector: {}}, allowedFrom: []}]}}`,
		"for every workload of a namespace": `{networkPolicies: {reachability: [{to: {namespaceSelector: {matchLabels: {team: shop}}},
			allowedFrom: [{namespaceSelector: {matchLabels: {team: shop}}}]}]}}`,
		"for ports": `{networkPolicies: {reachability: [{to: {podSelector: {}}, ports: [1/TCP, 53/UDP, 9999/SCTP, 65535/TCP, 65535/SCTP],
			allowedFrom: [{podSelector: {}}]}]}}`,
		"for addresses": `{networkPolicies: {reachability: [{to: {podSelector: {}}, allowedFrom: [{cidr: 0.0.0.0/0}, {cidr: "::/0"}, {cidr: 10.1.2.3/32},
			{cidr: "2001:db8::/32"}, {cidr: "2001:0db8:0000:0000:0000:0000:0000:0001/128"}]}]}}`,
		"for addresses with bits below the mask": `{networkPolicies: {reachability: [{to: {podSelector: {}}, allowedFrom: [{cidr: 10.1.2.3/8}]}]}}`,
		"with every list of its bound": `{networkPolicies: {reachability: [` +
			numbered(`{to: {podSelector: {matchLabels: {n: l%d}}}, allowedFrom: [],
			ports: [1/TCP, 2/TCP, 3/TCP, 4/TCP, 5/TCP, 6/TCP, 7/TCP, 8/TCP, 1/UDP, 2/UDP, 3/UDP, 4/UDP, 5/UDP, 6/UDP, 7/UDP, 8/UDP]}`, 32) + `]}}`,
		"for namespaces that need no label":    `{namespaces: {}}`,
		"for a label without its version":      `{namespaces: {podSecurityLabels: {warn: baseline}}}`,
		"for labels with versions":             `{namespaces: {podSecurityLabels: {enforce: baseline, enforceVersion: v1.0, audit: restricted, auditVersion: v1.999}}}`,
		"for a label that is always of newest": `{namespaces: {podSecurityLabels: {enforce: restricted, enforceVersion: latest}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAScopeOfOtherKindsIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, spec := range map[string]string{
		"of every kind by name": `{scope: {kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, Pod, Role, ClusterRole,
			RoleBinding, ClusterRoleBinding, ServiceAccount, User, Group, NetworkPolicy, Namespace, ValidatingAdmissionPolicy,
			ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding,
			MutatingWebhookConfiguration]}}`,
		"of guardrails that are watched":  `{scope: {kinds: [ValidatingAdmissionPolicyBinding]}, guardrails: Watch}`,
		"without what is in no namespace": `{scope: {clusterScoped: false}}`,
		"with what is in no namespace":    `{scope: {clusterScoped: true}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// An empty list lets nobody in, and an empty selector chooses all. Go clients must not lose the difference.
func TestWhatAGoClientDeclaresOfTheNetworkArrivesWhole(t *testing.T) {
	no := false
	everything := &metav1.LabelSelector{}
	for name, spec := range map[string]v1alpha1.SecurityBaselineSpec{
		"nobody": {NetworkPolicies: v1alpha1.NetworkPolicies{Reachability: []v1alpha1.Reachability{{
			To: v1alpha1.PodChoice{PodSelector: everything}, AllowedFrom: []v1alpha1.AllowedSource{},
		}}}},
		"everybody": {NetworkPolicies: v1alpha1.NetworkPolicies{Reachability: []v1alpha1.Reachability{{
			To:          v1alpha1.PodChoice{NamespaceSelector: everything},
			AllowedFrom: []v1alpha1.AllowedSource{{NamespaceSelector: everything}, {CIDR: "0.0.0.0/0"}},
		}}}},
		"directions and labels": {
			NetworkPolicies: v1alpha1.NetworkPolicies{DefaultDeny: v1alpha1.Directions{Egress: v1alpha1.RuleRequired}},
			Namespaces:      v1alpha1.Namespaces{PodSecurityLabels: v1alpha1.PodSecurityLabels{Warn: "baseline"}},
		},
		"nothing of the cluster": {Scope: v1alpha1.Scope{ClusterScoped: &no}},
	} {
		t.Run(name, func(t *testing.T) { expectWhole(t, spec) })
	}
}
