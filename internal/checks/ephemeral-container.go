package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "ephemeral-container",
	Title: "Ephemeral container",
	Description: "Somebody has put a container into the running pod, as kubectl debug does. It runs an image and a program that " +
		"nobody has declared, on the network and with the volumes of the pod, and may see the processes of another container: a way " +
		"for an attacker who may change pods to get at what runs in them. Only live pods have ephemeral containers.",
	Remediation: "Delete the pod, so that its controller makes a new one, or create it anew: an ephemeral container cannot be taken " +
		"out of spec.ephemeralContainers, also once it has ended.",
	Severity: v1alpha1.SeverityMedium,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.EphemeralContainers == v1alpha1.RuleForbidden
	},
	Run: runEphemeralContainer,
})

func runEphemeralContainer(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		if container.List != "ephemeralContainers" {
			continue
		}
		name := container.Name
		findings = append(findings, engine.Finding{
			Container: name,
			Path:      in.Workload.Path("ephemeralContainers[" + name + "]"),
			Value:     name,
			Expected:  none,
			Actual:    name,
			Message:   "Ephemeral container " + name + " has been put into the pod, which baseline " + in.Baseline + " forbids.",
		})
	}
	return findings
}
