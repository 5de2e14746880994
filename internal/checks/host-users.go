package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "host-users",
	Title: "No user namespace of its own",
	Description: "The users of the pod are those of its node: root in a container is root on the node as soon as an attacker finds " +
		"a way out, and capabilities count there too. With a user namespace of its own, root in the pod is nobody on the node. " +
		"Windows pods that do not set the field are exempt, because they cannot.",
	Remediation: "Set hostUsers to false in the pod spec; the pod must then share neither hostNetwork nor hostPID nor hostIPC.",
	Severity:    v1alpha1.SeverityMedium,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostUsers == v1alpha1.RuleForbidden
	},
	Run: runHostUsers,
})

func runHostUsers(in *engine.Input) []engine.Finding {
	hostUsers := in.Workload.Pod.HostUsers
	if hostUsers != nil && !*hostUsers {
		return nil
	}
	if hostUsers == nil && in.Workload.Windows() && !in.Reading.WindowsJudged {
		return nil
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("hostUsers"),
		Value:    "true",
		Expected: "false",
		Actual:   stated(hostUsers, "true"),
		Message:  "The pod shares the users of its node, which baseline " + in.Baseline + " forbids.",
	}}
}
