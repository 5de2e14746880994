package checks

import (
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "host-probe",
	Title: "Probe or lifecycle hook to another host",
	Description: "The kubelet makes the requests of probes and lifecycle hooks, from the network of the node. With a host of his " +
		"choice, an attacker who may change the pod makes it connect to what the pod itself may not reach, such as services on the " +
		"node's localhost or the metadata service of a cloud, past every NetworkPolicy, and sees from the probe whether it answers.",
	Remediation: "Remove host from the httpGet and tcpSocket of probes and lifecycle hooks: they then go to the pod itself.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		podSecurity("Baseline: Host Probes / Lifecycle Hooks (v1.34+)"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.HostProbes == v1alpha1.RuleForbidden
	},
	Run: runHostProbe,
})

// runHostProbe finds every host, be it the pod's own or localhost, as Pod Security admission does.
func runHostProbe(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		for _, probe := range [...]struct {
			field string
			*corev1.Probe
		}{
			{"livenessProbe", container.LivenessProbe},
			{"readinessProbe", container.ReadinessProbe},
			{"startupProbe", container.StartupProbe},
		} {
			if probe.Probe != nil {
				findings = append(findings, hostsOf(in, container, probe.field, probe.HTTPGet, probe.TCPSocket)...)
			}
		}
		if container.Lifecycle == nil {
			continue
		}
		for _, hook := range [...]struct {
			field string
			*corev1.LifecycleHandler
		}{
			{"lifecycle.postStart", container.Lifecycle.PostStart},
			{"lifecycle.preStop", container.Lifecycle.PreStop},
		} {
			if hook.LifecycleHandler != nil {
				findings = append(findings, hostsOf(in, container, hook.field, hook.HTTPGet, hook.TCPSocket)...)
			}
		}
	}
	return findings
}

// hostsOf returns a finding for each host that a probe or a hook names.
func hostsOf(
	in *engine.Input, container workload.Container, field string, get *corev1.HTTPGetAction, socket *corev1.TCPSocketAction,
) []engine.Finding {
	var findings []engine.Finding
	if get != nil && get.Host != "" {
		findings = append(findings, hostNamed(in, container, field+".httpGet", get.Host))
	}
	if socket != nil && socket.Host != "" {
		findings = append(findings, hostNamed(in, container, field+".tcpSocket", socket.Host))
	}
	return findings
}

func hostNamed(in *engine.Input, container workload.Container, field, host string) engine.Finding {
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path(field + ".host"),
		Value:     host,
		Expected:  unset("the pod itself"),
		Actual:    host,
		Message: "Container " + container.Name + " names host " + host + " in " + field + ", which baseline " + in.Baseline +
			" forbids.",
		Remediation: "Remove host from " + field + " of the container: without one, the kubelet connects to the pod itself.",
	}
}
