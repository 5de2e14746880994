package checks

import (
	"cmp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "host-port",
	Title: "Port of the node not allowed",
	Description: "The container is reached at a port of its node, by whoever reaches the node, past Services and often past " +
		"NetworkPolicies. An attacker who may create pods can take a port before a service of the node does and answer in its place. " +
		"Of pods on the host's network every port that they list is one of the node; they can take any other all the same, which is " +
		"what the check host-network finds.",
	Remediation: "Remove hostPort from the ports of the container and use a Service, or choose a port that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: Host Ports"),
		cis("5.2.12 Minimize the admission of containers which use HostPorts"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostPorts.AllowedRanges != nil // an empty list allows none
	},
	Run: runHostPort,
})

func runHostPort(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		for i := range container.Ports {
			port := &container.Ports[i]
			number := portOfNode(in, port)
			if number == 0 || mayTake(in, number) {
				continue
			}
			if len(findings) == maxFound {
				return append(findings, moreHostPorts(in, container))
			}
			findings = append(findings, hostPortTaken(in, container, port, number))
		}
	}
	return findings
}

// portOfNode returns the port of the node that a port takes, 0 for none. On the network of the node a container's port is
// one of the node: the API server writes so into pods, but not into templates.
func portOfNode(in *engine.Input, port *corev1.ContainerPort) int32 {
	if port.HostPort == 0 && in.Workload.Pod.HostNetwork && !in.Reading.PortsAsWritten {
		return port.ContainerPort
	}
	return port.HostPort
}

func mayTake(in *engine.Input, port int32) bool {
	for _, allowed := range in.Declared.Workloads.HostPorts.AllowedRanges {
		if allowed.Min <= port && port <= allowed.Max {
			return true
		}
	}
	return false
}

func hostPortTaken(in *engine.Input, container workload.Container, port *corev1.ContainerPort, taken int32) engine.Finding {
	number := strconv.Itoa(int(taken))
	protocol := cmp.Or(string(port.Protocol), string(corev1.ProtocolTCP))
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path("ports[" + strconv.Itoa(int(port.ContainerPort)) + "/" + protocol + "].hostPort"),
		Value:     number,
		Expected:  expectedPorts(in),
		Actual:    number,
		Message:   "Container " + container.Name + " takes port " + number + " of its node, which baseline " + in.Baseline + " does not allow.",
	}
}

// moreHostPorts stands for all ports of the pod past the bound, so that no exception for those that are shown waives them.
func moreHostPorts(in *engine.Input, container workload.Container) engine.Finding {
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path("ports"),
		Value:     furtherOnes,
		Expected:  expectedPorts(in),
		Actual:    "more than " + strconv.Itoa(maxFound),
		Message: "Container " + container.Name + " takes more ports of its node than are shown, which baseline " + in.Baseline +
			" does not allow.",
	}
}

// expectedPorts puts what the baseline allows into words, in the order of the ports.
func expectedPorts(in *engine.Input) string {
	ranges := slices.SortedFunc(slices.Values(in.Declared.Workloads.HostPorts.AllowedRanges), func(a, b v1alpha1.PortRange) int {
		return cmp.Or(cmp.Compare(a.Min, b.Min), cmp.Compare(a.Max, b.Max))
	})
	if len(ranges) == 0 {
		return none
	}
	words := make([]string, 0, len(ranges))
	for _, allowed := range ranges {
		word := strconv.Itoa(int(allowed.Min))
		if allowed.Max != allowed.Min {
			word += "-" + strconv.Itoa(int(allowed.Max))
		}
		words = append(words, word)
	}
	return "one of: " + join(words)
}
