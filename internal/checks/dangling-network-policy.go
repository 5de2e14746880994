package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "dangling-network-policy",
	Title: "NetworkPolicy that selects nothing",
	Description: "A policy whose podSelector matches the pods of no workload protects nothing. Most often a label was misspelled, or changed on " +
		"the workload and not in the policy: the pods that it was written for are open, and everybody takes them for protected. A policy " +
		"that selects all pods of its namespace waits for those that come, and is not found.",
	Remediation: "Correct the podSelector, or remove the policy.",
	Severity:    v1alpha1.SeverityMedium,
	Controls:    []engine.Control{nsa("Network policies")},
	Judges:      workload.Policies,
	Needs:       []engine.Need{engine.NeedNetwork, engine.NeedWorkloads},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.DanglingPolicies == v1alpha1.RuleForbidden
	},
	Run: runDanglingNetworkPolicy,
})

func runDanglingNetworkPolicy(in *engine.Input) []engine.Finding {
	policy := in.Policy
	if policy.Selects || policy.SelectsAll() {
		return nil
	}
	selector := policy.Selector()
	return []engine.Finding{{
		Path: "spec.podSelector", Value: selector, Expected: "the labels of a workload in the namespace", Actual: selector,
		Message: policy.String() + " selects the pods of no workload in namespace " + policy.Ref.Namespace + " (" + selector + "); baseline " +
			in.Baseline + " forbids policies that protect nothing.",
	}}
}
