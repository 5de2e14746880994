package checks

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// resourceRule is what one check asks of containers and pods for each resource.
type resourceRule struct {
	// pod says whether what the pod sets counts for all its containers.
	pod func(workload.Workload, corev1.ResourceName) bool
	// container says whether what a container sets is enough.
	container func(workload.Container, corev1.ResourceName) bool
	// own is the container's list of quantities, and field its path.
	own   func(workload.Container) corev1.ResourceList
	field string
	// noun is what is asked for, expected how much of it, and means what it means that there is none.
	noun, expected, means string
}

// lacking finds the containers that lack one of the resources. Ephemeral containers are exempt: they can set none.
func (rule *resourceRule) lacking(in *engine.Input, names []v1alpha1.ResourceName) []engine.Finding {
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		if container.List == "ephemeralContainers" {
			continue
		}
		for _, declared := range names {
			if name := corev1.ResourceName(declared); !rule.container(container, name) && !rule.ofPod(in, name) {
				findings = append(findings, rule.finding(in, container, name))
			}
		}
	}
	return findings
}

// ofPod says whether what the pod sets counts for all its containers, and is enough.
func (rule *resourceRule) ofPod(in *engine.Input, name corev1.ResourceName) bool {
	return ofPods(name) && in.Workload.Pod.Resources != nil && rule.pod(in.Workload, name)
}

func (rule *resourceRule) finding(in *engine.Input, container workload.Container, name corev1.ResourceName) engine.Finding {
	actual := unset(rule.means)
	if quantity, set := rule.own(container)[name]; set {
		actual = quantity.String() + ", which means " + rule.means
	}
	where := "of the container"
	if ofPods(name) {
		where += " or of the pod"
	}
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path(rule.field),
		Value:     string(name),
		Expected:  rule.expected,
		Actual:    actual,
		Message: "Container " + container.Name + " has no " + rule.noun + " for " + string(name) + ", which baseline " + in.Baseline +
			" requires.",
		Remediation: "Set " + string(name) + " in " + rule.field + " " + where + ".",
	}
}

// ofPods says whether pods as a whole can limit and request the resource.
func ofPods(name corev1.ResourceName) bool {
	return name == corev1.ResourceCPU || name == corev1.ResourceMemory || strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

func above0(list corev1.ResourceList, name corev1.ResourceName) bool {
	quantity, set := list[name]
	return set && quantity.Sign() > 0
}
