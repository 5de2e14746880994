package checks

import (
	"strconv"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const supplementalGroupsField = "securityContext.supplementalGroups"

var _ = register(engine.Check{
	ID:    "supplemental-groups",
	Title: "Supplemental group not allowed",
	Description: "Every container of a pod is a member of its supplemental groups. With those of others, or with groups that " +
		"matter on the node, such as root's, disk or docker, an attacker in the pod reads and writes files that are not meant for " +
		"it on shared volumes and on what is mounted from the node.",
	Remediation: "Remove from securityContext.supplementalGroups of the pod what the baseline does not allow.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		cis("5.6.3 Apply SecurityContext to your Pods and Containers"),
		nsa(`"Non-root" containers and "rootless" container engines`),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.SupplementalGroups.Ranges) > 0
	},
	Run: runSupplementalGroups,
})

func runSupplementalGroups(in *engine.Input) []engine.Finding {
	groups, ranges := in.Workload.Security().SupplementalGroups, in.Declared.Workloads.SupplementalGroups.Ranges
	var outside []int64
	for _, group := range groups {
		if !inRanges(ranges, group) {
			outside = append(outside, group)
		}
	}
	if len(outside) == 0 {
		return nil
	}
	found := engine.Finding{
		Path:     in.Workload.Path(supplementalGroupsField),
		Expected: oneOfIDs(ranges),
		Actual:   list(inDigits(groups)),
	}
	outside, more := bounded(outside)
	findings := make([]engine.Finding, 0, len(outside)+1)
	for _, id := range inDigits(outside) {
		found.Value = id
		found.Message = "The pod gives its containers group " + id + ", which baseline " + in.Baseline + " does not allow."
		found.Remediation = "Remove " + id + " from securityContext.supplementalGroups of the pod."
		findings = append(findings, found)
	}
	if more {
		found.Value, found.Remediation = furtherOnes, ""
		found.Message = "The pod gives its containers more groups than are listed here, which baseline " + in.Baseline + " does not allow."
		findings = append(findings, found)
	}
	return findings
}

func inDigits(groups []int64) []string {
	words := make([]string, 0, len(groups))
	for _, group := range groups {
		words = append(words, strconv.FormatInt(group, 10))
	}
	return words
}
