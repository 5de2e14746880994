package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const hostProcessField = "securityContext.windowsOptions.hostProcess"

var _ = register(engine.Check{
	ID:    "host-process",
	Title: "Windows host process",
	Description: "A HostProcess container runs as a process of its Windows node, with the node's files, network and devices, and as " +
		"the system account if it asks for it. Who takes over the container takes over the node, and with it every other pod on it.",
	Remediation: "Remove securityContext.windowsOptions.hostProcess from the pod and from its containers, or set it to false.",
	Severity:    v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		podSecurity("Baseline: HostProcess"),
		cis("5.2.10 Minimize the admission of Windows HostProcess containers"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostProcess == v1alpha1.RuleForbidden
	},
	Run: runHostProcess,
})

// runHostProcess finds who says true. A container that only inherits it says nothing: its pod has been judged, once.
func runHostProcess(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	if isHostProcess(in.Workload.Security().WindowsOptions) {
		findings = append(findings, engine.Finding{
			Path:     in.Workload.Path(hostProcessField),
			Value:    "true",
			Expected: "false",
			Actual:   "true",
			Message:  "The pod asks to run as a process of its Windows node, which baseline " + in.Baseline + " forbids.",
		})
	}
	for container := range in.Workload.Containers() {
		if !isHostProcess(container.Security().WindowsOptions) {
			continue
		}
		findings = append(findings, engine.Finding{
			Container: container.Name,
			Path:      container.Path(hostProcessField),
			Value:     "true",
			Expected:  "false",
			Actual:    "true",
			Message: "Container " + container.Name + " asks to run as a process of its Windows node, which baseline " + in.Baseline +
				" forbids.",
		})
	}
	return findings
}

func isHostProcess(options *corev1.WindowsSecurityContextOptions) bool {
	return options != nil && options.HostProcess != nil && *options.HostProcess
}
