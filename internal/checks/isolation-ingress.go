package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
)

var _ = register(engine.Check{
	ID:    "isolation-ingress",
	Title: "Pods that no NetworkPolicy isolates for ingress",
	Description: "Pods that no NetworkPolicy selects for ingress let everything in. An attacker in any pod of the cluster reaches every port of theirs, " +
		"also those that were never meant for others: databases, metrics, debuggers.",
	Remediation: "Create a NetworkPolicy with policyTypes: [Ingress] in the namespace that selects the labels of the pods, or all pods by an " +
		"empty podSelector, and allows what is needed.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.3.2 Ensure that all Namespaces have NetworkPolicies defined"),
		nsa("Network policies"),
	},
	Needs: []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.Isolation.Ingress == v1alpha1.RuleRequired
	},
	Run: runIsolationIngress,
})

func runIsolationIngress(in *engine.Input) []engine.Finding {
	return judgeIsolation(in, network.Ingress, "everything may reach them")
}
