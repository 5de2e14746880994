package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "default-deny-ingress",
	Title: "Namespace without default deny for ingress",
	Description: "Whatever runs in the namespace and is selected by no NetworkPolicy lets everything in: every pod of the cluster, and what is outside " +
		"as far as it gets there. With a default deny, the next workload that somebody deploys is closed until a policy opens it. It counts " +
		"what all policies together say: a policy for some pods is none, and one that lets nearly everything in undoes it.",
	Remediation: "Create a NetworkPolicy in the namespace with an empty podSelector, policyTypes: [Ingress] and no ingress rules, and allow what is " +
		"needed in policies beside it.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.3.2 Ensure that all Namespaces have NetworkPolicies defined"),
		nsa("Network policies"),
	},
	Judges: workload.Namespaces,
	Needs:  []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies},
	Loses:  network.Ingress.Lost(),
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.DefaultDeny.Ingress == v1alpha1.RuleRequired
	},
	Run: runDefaultDenyIngress,
})

func runDefaultDenyIngress(in *engine.Input) []engine.Finding {
	return judgeDefaultDeny(in, network.Ingress)
}
