package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "default-deny-egress",
	Title: "Namespace without default deny for egress",
	Description: "Whatever runs in the namespace and is selected by no NetworkPolicy may connect to everything: other workloads, the API server, the " +
		"internet. An attacker who gets into a pod fetches his tools and sends out what he finds. It counts what all policies together say: a " +
		"policy for some pods is none, and one that lets nearly everything out undoes it. A rule that allows DNS does not.",
	Remediation: "Create a NetworkPolicy in the namespace with an empty podSelector, policyTypes: [Egress] and no egress rules, and allow what is " +
		"needed in policies beside it.",
	Severity: v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		cis("5.3.2 Ensure that all Namespaces have NetworkPolicies defined"),
		nsa("Network policies"),
	},
	Judges: workload.Namespaces,
	Needs:  []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies},
	Loses:  network.Egress.Lost(),
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.DefaultDeny.Egress == v1alpha1.RuleRequired
	},
	Run: runDefaultDenyEgress,
})

func runDefaultDenyEgress(in *engine.Input) []engine.Finding {
	return judgeDefaultDeny(in, network.Egress)
}
