package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "host-network",
	Title: "Shared host network",
	Description: "The pod uses the network of its node, and NetworkPolicies do not hold it. An attacker in it can reach services " +
		"that listen on the node's localhost only, take ports of the node, and, with NET_RAW, read the traffic of the pods there.",
	Remediation: "Remove hostNetwork from the pod spec or set it to false.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Baseline: Host Namespaces"),
		cis("5.2.5 Minimize the admission of containers wishing to share the host network namespace"),
		nsa("Pod security enforcement"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostNetwork == v1alpha1.RuleForbidden
	},
	Run: runHostNetwork,
})

func runHostNetwork(in *engine.Input) []engine.Finding {
	if !in.Workload.Pod.HostNetwork {
		return nil
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("hostNetwork"),
		Value:    "true",
		Expected: "false",
		Actual:   "true",
		Message:  "The pod shares the host's network, which baseline " + in.Baseline + " forbids.",
	}}
}
