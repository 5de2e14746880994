package checks

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "added-capability",
	Title: "Added capability",
	Description: "Capabilities are the parts of root's power. What a container adds to those that its runtime grants, an attacker " +
		"in the container can use: with NET_RAW to forge packets, with NET_ADMIN to redirect traffic, with SYS_ADMIN, SYS_MODULE or " +
		"ALL to take over the node. " + windowsExempt,
	Remediation: "Remove from securityContext.capabilities.add what the baseline does not allow.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Baseline: Capabilities"),
		podSecurity("Restricted: Capabilities (v1.22+)"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Capabilities.AllowedAdd != nil // an empty list allows none
	},
	Run: runAddedCapability,
})

func runAddedCapability(in *engine.Input) []engine.Finding {
	if in.Workload.Windows() && !in.Reading.WindowsJudged {
		return nil
	}
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		if addsMoreThan(in.Declared.Workloads.Capabilities.AllowedAdd, container) {
			findings = append(findings, addedBy(container, in)...)
		}
	}
	return findings
}

func addsMoreThan(allowed []v1alpha1.Capability, container workload.Container) bool {
	for _, capability := range capabilitiesOf(container).Add {
		if !mayAdd(allowed, capability) {
			return true
		}
	}
	return false
}

// mayAdd compares exactly: another spelling may be another capability to another runtime. Who may add all may add any.
func mayAdd(allowed []v1alpha1.Capability, capability corev1.Capability) bool {
	return slices.Contains(allowed, v1alpha1.Capability(capability)) || slices.Contains(allowed, allCapabilities)
}

// maxAdded bounds the findings of one container. Linux knows 41 capabilities; a list of a hundred thousand made-up ones,
// which the API server accepts, must not fill the memory.
const maxAdded = 64

// addedBy makes one finding of each capability, so that one can be allowed without the others.
func addedBy(container workload.Container, in *engine.Input) []engine.Finding {
	allowed := in.Declared.Workloads.Capabilities.AllowedAdd
	added := capabilitiesOf(container).Add
	path, expected, actual := container.Path("securityContext.capabilities.add"), oneOf(allowed), list(added)
	var findings []engine.Finding
	for _, capability := range added {
		if mayAdd(allowed, capability) {
			continue
		}
		if len(findings) == maxAdded {
			return append(findings, engine.Finding{
				Container: container.Name, Path: path, Value: "more", Expected: expected, Actual: actual,
				Message: "Container " + container.Name + " adds more capabilities than there are, which baseline " + in.Baseline + " does not allow.",
			})
		}
		findings = append(findings, engine.Finding{
			Container: container.Name,
			Path:      path,
			Value:     string(capability),
			Expected:  expected,
			Actual:    actual,
			Message: "Container " + container.Name + " adds capability " + string(capability) + ", which baseline " + in.Baseline +
				" does not allow.",
			Remediation: "Remove " + string(capability) + " from securityContext.capabilities.add.",
		})
	}
	return findings
}
