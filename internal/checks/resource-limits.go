package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "resource-limits",
	Title: "Resource without a limit",
	Description: "A container without a limit may take all that its node has. Who takes it over, or feeds it what it cannot digest, slows down " +
		"or ends the other pods of the node. A limit of the pod as a whole counts for all its containers. Of cpu, memory and " +
		"ephemeral-storage, 0 is no limit. What a LimitRange adds when a pod is created is not seen in a template. Ephemeral " +
		"containers are exempt, because they cannot set limits.",
	Remediation: "Set the resource in resources.limits of the container or, for cpu, memory and huge pages, of the pod.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		nsa("Resource policies"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.Resources.Limits) > 0
	},
	Run: func(in *engine.Input) []engine.Finding {
		return limitRule.lacking(in, in.Declared.Workloads.Resources.Limits)
	},
})

var limitRule = &resourceRule{
	pod: func(w workload.Workload, name corev1.ResourceName) bool {
		return limits(w.Pod.Resources.Limits, name)
	},
	container: func(c workload.Container, name corev1.ResourceName) bool {
		return limits(c.Resources.Limits, name)
	},
	own:      func(c workload.Container) corev1.ResourceList { return c.Resources.Limits },
	field:    "resources.limits",
	noun:     "limit",
	expected: "a limit",
	means:    "no limit",
}

// limits says whether the quantity of a resource is a limit. The kubelet takes 0 for none with the resources that it
// limits by itself; of huge pages and devices a container gets none then.
func limits(list corev1.ResourceList, name corev1.ResourceName) bool {
	switch name {
	case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		return above0(list, name)
	}
	_, set := list[name]
	return set
}
