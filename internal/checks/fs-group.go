package checks

import (
	"strconv"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const fsGroupField = "securityContext.fsGroup"

var _ = register(engine.Check{
	ID:    "fs-group",
	Title: "Group of volumes not allowed",
	Description: "Every container of a pod is a member of its fsGroup, and the kubelet hands the pod's volumes over to that " +
		"group. With a group that others have too, or root's, an attacker in the pod reads and writes their files on shared " +
		"volumes and on the node.",
	Remediation: "Set securityContext.fsGroup of the pod to a number that the baseline allows, or remove it.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		cis("5.6.3 Apply SecurityContext to your Pods and Containers"),
		nsa(`"Non-root" containers and "rootless" container engines`),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.FSGroup.Ranges) > 0
	},
	Run: runFSGroup,
})

func runFSGroup(in *engine.Input) []engine.Finding {
	group, ranges := in.Workload.Security().FSGroup, in.Declared.Workloads.FSGroup.Ranges
	if group == nil || inRanges(ranges, *group) {
		return nil
	}
	id := strconv.FormatInt(*group, 10)
	return []engine.Finding{{
		Path:     in.Workload.Path(fsGroupField),
		Value:    id,
		Expected: oneOfIDs(ranges),
		Actual:   id,
		Message:  "The pod sets fsGroup to " + id + ", which baseline " + in.Baseline + " does not allow.",
	}}
}
