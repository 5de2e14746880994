package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "host-ipc",
	Title: "Shared host IPC namespace",
	Description: "The containers of the pod share System V IPC and POSIX message queues with the processes of the node. An " +
		"attacker in one of them can read and change what those keep in shared memory, semaphores and queues.",
	Remediation: "Remove hostIPC from the pod spec or set it to false.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Baseline: Host Namespaces"),
		cis("5.2.4 Minimize the admission of containers wishing to share the host IPC namespace"),
		nsa("Pod security enforcement"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostIPC == v1alpha1.RuleForbidden
	},
	Run: runHostIPC,
})

func runHostIPC(in *engine.Input) []engine.Finding {
	if !in.Workload.Pod.HostIPC {
		return nil
	}
	return []engine.Finding{{
		Path:     in.Workload.Path("hostIPC"),
		Value:    "true",
		Expected: "false",
		Actual:   "true",
		Message:  "The pod shares the host's IPC namespace, which baseline " + in.Baseline + " forbids.",
	}}
}
