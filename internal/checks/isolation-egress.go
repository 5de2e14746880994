package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
)

var _ = register(engine.Check{
	ID:    "isolation-egress",
	Title: "Pods that no NetworkPolicy isolates for egress",
	Description: "Pods that no NetworkPolicy selects for egress may connect to everything: other workloads, the API server, the internet. An attacker " +
		"who gets into one fetches his tools, moves on, and sends out what he finds.",
	Remediation: "Create a NetworkPolicy with policyTypes: [Egress] in the namespace that selects the labels of the pods, or all pods by an " +
		"empty podSelector, and allows what is needed.",
	Severity: v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		cis("5.3.2 Ensure that all Namespaces have NetworkPolicies defined"),
		nsa("Network policies"),
	},
	Needs: []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.Isolation.Egress == v1alpha1.RuleRequired
	},
	Run: runIsolationEgress,
})

func runIsolationEgress(in *engine.Input) []engine.Finding {
	return judgeIsolation(in, network.Egress, "they may reach everything")
}
