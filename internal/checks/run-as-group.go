package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "run-as-group",
	Title: "Primary group not allowed",
	Description: "The primary group decides, besides the user, which files of the node and of shared volumes an attacker in a " +
		"container can read and write. Whoever sets a user alone leaves the group to the image, and where the image knows no such " +
		"user it is root's, 0, to which much of the node and of most images belongs. Windows pods that set no group are " +
		"exempt, because they cannot.",
	Remediation: "Set securityContext.runAsGroup, in the pod or in each container, to a number that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		nsa(`"Non-root" containers and "rootless" container engines`),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.RunAsGroup.Ranges) > 0
	},
	Run: runRunAsGroup,
})

func runRunAsGroup(in *engine.Input) []engine.Finding {
	return idField{
		name:         "runAsGroup",
		ranges:       in.Declared.Workloads.RunAsGroup.Ranges,
		pod:          in.Workload.Security().RunAsGroup,
		own:          func(context *corev1.SecurityContext) *int64 { return context.RunAsGroup },
		unset:        "the group that its image has for its user, or else root's",
		unsetAllowed: in.Workload.Windows() && !in.Reading.WindowsJudged,
	}.judge(in)
}
