package checks

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const seLinuxField = "securityContext.seLinuxOptions."

var _ = register(engine.Check{
	ID:    "selinux-options",
	Title: "SELinux label not allowed",
	Description: "On nodes with SELinux, its labels keep a container from the node's files and from those of other containers. The " +
		"runtime gives each container its own. With a type such as spc_t nothing is kept from an attacker in the container, and with " +
		"the level of another container he reads and writes its files.",
	Remediation: "Remove from seLinuxOptions, in the securityContext of the pod and of its containers, what the baseline does not allow.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: SELinux"),
		cis("5.6.3 Apply SecurityContext to your Pods and Containers"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		rules := &declared.Workloads.SELinux // an empty list allows none
		return rules.AllowedTypes != nil || rules.AllowedUsers != nil || rules.AllowedRoles != nil || rules.AllowedLevels != nil
	},
	Run: runSELinuxOptions,
})

func runSELinuxOptions(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	if options := in.Workload.Security().SELinuxOptions; options != nil {
		for _, label := range labelsOf(in, options) {
			if label.forbidden() {
				findings = append(findings, label.finding(in, in.Workload.Path(seLinuxField+label.field), "The pod"))
			}
		}
	}
	for container := range in.Workload.Containers() {
		options := container.Security().SELinuxOptions
		if options == nil { // what the pod says has been judged, once
			continue
		}
		for _, label := range labelsOf(in, options) {
			if label.forbidden() {
				found := label.finding(in, container.Path(seLinuxField+label.field), "Container "+container.Name)
				found.Container = container.Name
				findings = append(findings, found)
			}
		}
	}
	return findings
}

// seLinuxLabel is one of the four parts of what SELinux knows a process by.
type seLinuxLabel struct {
	field, value string
	allowed      []string
}

func labelsOf(in *engine.Input, options *corev1.SELinuxOptions) [4]seLinuxLabel {
	rules := &in.Declared.Workloads.SELinux
	return [...]seLinuxLabel{
		{"type", options.Type, rules.AllowedTypes},
		{"user", options.User, rules.AllowedUsers},
		{"role", options.Role, rules.AllowedRoles},
		{"level", options.Level, rules.AllowedLevels},
	}
}

// forbidden says whether the part is judged, is set, and is not allowed. What is empty the runtime chooses.
func (l seLinuxLabel) forbidden() bool {
	return l.allowed != nil && l.value != "" && !slices.Contains(l.allowed, l.value)
}

// finding is one of the pod even if every container sets its own, as in the Pod Security Standards: the next container
// that somebody adds, also while the pod runs, would inherit it.
func (l seLinuxLabel) finding(in *engine.Input, path, who string) engine.Finding {
	return engine.Finding{
		Path:        path,
		Value:       l.value,
		Expected:    oneOf(l.allowed),
		Actual:      l.value,
		Message:     who + " asks for SELinux " + l.field + " " + l.value + ", which baseline " + in.Baseline + " does not allow.",
		Remediation: "Remove " + seLinuxField + l.field + ", or set it to one that the baseline allows.",
	}
}
