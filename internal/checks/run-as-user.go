package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "run-as-user",
	Title: "User not allowed",
	Description: "Without a user namespace of its own, a container runs as the user of the same number on its node: as 0 it is " +
		"root there. That number decides which files of the node and of shared volumes an attacker can read and write, and what " +
		"he is once he has left the container. A user that only the image names changes with the image. Windows pods " +
		"that set no user are exempt, because they cannot.",
	Remediation: "Set securityContext.runAsUser, in the pod or in each container, to a number that the baseline allows.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Restricted: Running as Non-root user (v1.23+)"),
		cis("5.2.7 Minimize the admission of root containers"),
		nsa(`"Non-root" containers and "rootless" container engines`),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.RunAsUser.Ranges) > 0
	},
	Run: runRunAsUser,
})

func runRunAsUser(in *engine.Input) []engine.Finding {
	if in.Reading.UserNamespacesMayBeRoot && in.Workload.UserNamespace() {
		return nil
	}
	return idField{
		name:         "runAsUser",
		ranges:       in.Declared.Workloads.RunAsUser.Ranges,
		pod:          in.Workload.Security().RunAsUser,
		own:          func(context *corev1.SecurityContext) *int64 { return context.RunAsUser },
		unset:        "the user of its image",
		unsetAllowed: in.Reading.UnsetUserAllowed || in.Workload.Windows() && !in.Reading.WindowsJudged,
	}.judge(in)
}
