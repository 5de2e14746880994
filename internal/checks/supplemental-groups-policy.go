package checks

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const supplementalGroupsPolicyField = "securityContext.supplementalGroupsPolicy"

var _ = register(engine.Check{
	ID:    "supplemental-groups-policy",
	Title: "Groups of the image count",
	Description: "Under the policy Merge, containers are also members of the groups that /etc/group of their image gives to " +
		"their user. Whoever makes the image then chooses groups that no pod names, no admission sees, and that open files to an " +
		"attacker on shared volumes and on what is mounted from the node. Unset, the policy is Merge. Windows pods that set none are " +
		"exempt, because they cannot.",
	Remediation: "Set securityContext.supplementalGroupsPolicy of the pod to a policy that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.SupplementalGroupsPolicy.Allowed) > 0
	},
	Run: runSupplementalGroupsPolicy,
})

func runSupplementalGroupsPolicy(in *engine.Input) []engine.Finding {
	allowed := in.Declared.Workloads.SupplementalGroupsPolicy.Allowed
	policy, set := corev1.SupplementalGroupsPolicyMerge, in.Workload.Security().SupplementalGroupsPolicy
	if set != nil {
		policy = *set
	} else if in.Workload.Windows() && !in.Reading.WindowsJudged {
		return nil
	}
	if slices.Contains(allowed, v1alpha1.SupplementalGroupsPolicy(policy)) {
		return nil
	}
	name, does := orEmpty(policy), "sets supplementalGroupsPolicy to "+orEmpty(policy)
	actual := name
	if set == nil {
		actual, does = unset(name), "has supplementalGroupsPolicy "+name+", as it sets none"
	}
	return []engine.Finding{{
		Path:     in.Workload.Path(supplementalGroupsPolicyField),
		Value:    name,
		Expected: oneOf(allowed),
		Actual:   actual,
		Message:  "The pod " + does + ", which baseline " + in.Baseline + " does not allow.",
	}}
}
