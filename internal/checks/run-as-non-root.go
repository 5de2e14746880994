package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

const runAsNonRootField = "securityContext.runAsNonRoot"

var _ = register(engine.Check{
	ID:    "run-as-non-root",
	Title: "May run as root",
	Description: "Unless runAsNonRoot is true, the kubelet also starts containers as root. Root in a container is root on its " +
		"node as well, unless the pod has a user namespace of its own: a flaw in the kernel, in the container runtime or in what is " +
		"mounted then hands an attacker the node. A runAsUser other than 0 does not stand in for runAsNonRoot.",
	Remediation: "Set securityContext.runAsNonRoot to true in the pod or in each container, and to false in none; " +
		"the image must then run as another user than root.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		podSecurity("Restricted: Running as Non-root"),
		cis("5.2.7 Minimize the admission of root containers"),
		nsa(`"Non-root" containers and "rootless" container engines`),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.RunAsNonRoot == v1alpha1.RuleRequired
	},
	Run: runRunAsNonRoot,
})

func runRunAsNonRoot(in *engine.Input) []engine.Finding {
	if in.Reading.UserNamespacesMayBeRoot && in.Workload.UserNamespace() {
		return nil
	}
	var findings []engine.Finding
	pod := in.Workload.Security().RunAsNonRoot
	if pod != nil && !*pod {
		findings = append(findings, rootPod(in))
	}
	for container := range in.Workload.Containers() {
		own := container.Security().RunAsNonRoot
		switch {
		case own == nil && pod != nil: // what the pod says has been judged, once
		case own == nil || !*own:
			findings = append(findings, rootContainer(in, container))
		}
	}
	return findings
}

// rootPod is a finding even if every container sets its own, as in the Pod Security Standards: the next container that
// somebody adds, also while the pod runs, would inherit it.
func rootPod(in *engine.Input) engine.Finding {
	return engine.Finding{
		Path:     in.Workload.Path(runAsNonRootField),
		Value:    "false",
		Expected: "true",
		Actual:   "false",
		Message: "The pod sets runAsNonRoot to false, which baseline " + in.Baseline +
			" does not allow even if every container sets its own.",
		Remediation: "Set securityContext.runAsNonRoot of the pod to true.",
	}
}

func rootContainer(in *engine.Input, container workload.Container) engine.Finding {
	own := container.Security().RunAsNonRoot
	does, remediation := " sets runAsNonRoot to false", "Set securityContext.runAsNonRoot of the container to true."
	if own == nil {
		does, remediation = " may run as root, as neither it nor its pod sets runAsNonRoot", "" // that of the check
	}
	return engine.Finding{
		Container:   container.Name,
		Path:        container.Path(runAsNonRootField),
		Value:       "false",
		Expected:    "true",
		Actual:      stated(own, "false"),
		Message:     "Container " + container.Name + does + ", which baseline " + in.Baseline + " requires to be true.",
		Remediation: remediation,
	}
}
