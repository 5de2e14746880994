package checks

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

const procMountField = "securityContext.procMount"

var _ = register(engine.Check{
	ID:    "proc-mount",
	Title: "Access to /proc not allowed",
	Description: "Container runtimes hide some of /proc from containers and make some of it read-only. Unmasked, a container sees " +
		"all of it and may write it: unless the pod has a user namespace of its own, an attacker who is root in the container " +
		"changes the node's kernel through it, and has the node run his programs.",
	Remediation: "Set securityContext.procMount of the container to what the baseline allows; unset, it is Default.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Baseline: /proc Mount Type"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.ProcMount.Allowed) > 0
	},
	Run: runProcMount,
})

func runProcMount(in *engine.Input) []engine.Finding {
	if in.Reading.UserNamespacesMayUnmask && in.Workload.UserNamespace() {
		return nil
	}
	unsetAllowed := mayMountProc(in, corev1.DefaultProcMount) || in.Workload.Windows() && !in.Reading.WindowsJudged
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		own := container.Security().ProcMount
		if own == nil && !unsetAllowed || own != nil && !mayMountProc(in, *own) {
			findings = append(findings, procMountOf(container, in))
		}
	}
	return findings
}

// mayMountProc compares exactly, as Pod Security admission does: an empty value is none of those that there are.
func mayMountProc(in *engine.Input, procMount corev1.ProcMountType) bool {
	return slices.Contains(in.Declared.Workloads.ProcMount.Allowed, v1alpha1.ProcMount(procMount))
}

func procMountOf(container workload.Container, in *engine.Input) engine.Finding {
	value := string(corev1.DefaultProcMount)
	actual, does := unset(value), " has procMount "+value+", as it sets none"
	if own := container.Security().ProcMount; own != nil {
		value = orEmpty(*own)
		actual, does = value, " sets procMount to "+value
	}
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path(procMountField),
		Value:     value,
		Expected:  oneOf(in.Declared.Workloads.ProcMount.Allowed),
		Actual:    actual,
		Message:   "Container " + container.Name + does + ", which baseline " + in.Baseline + " does not allow.",
	}
}
