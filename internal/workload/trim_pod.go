package workload

import (
	corev1 "k8s.io/api/core/v1"
)

// trimPod keeps of a pod what is judged, with its volumes, which were trimmed already.
func trimPod(pod *corev1.PodSpec, volumes []corev1.Volume) corev1.PodSpec {
	trimmed := corev1.PodSpec{
		SecurityContext:              pod.SecurityContext,
		HostPID:                      pod.HostPID,
		HostIPC:                      pod.HostIPC,
		HostNetwork:                  pod.HostNetwork,
		HostUsers:                    pod.HostUsers,
		ShareProcessNamespace:        pod.ShareProcessNamespace,
		OS:                           pod.OS,
		RuntimeClassName:             pod.RuntimeClassName,
		ServiceAccountName:           serviceAccountName(pod),
		AutomountServiceAccountToken: pod.AutomountServiceAccountToken,
		Resources:                    pod.Resources,
		Volumes:                      volumes,
	}
	onHost := hostVolumes(pod.Volumes)
	trimmed.InitContainers = trimContainers(pod.InitContainers, onHost, pod.HostNetwork)
	trimmed.Containers = trimContainers(pod.Containers, onHost, pod.HostNetwork)
	for i := range pod.EphemeralContainers {
		c := corev1.Container(pod.EphemeralContainers[i].EphemeralContainerCommon)
		trimmed.EphemeralContainers = append(trimmed.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon(trimContainer(&c, onHost, pod.HostNetwork)),
		})
	}
	return trimmed
}

// hostVolumes are the names of the volumes that are paths of the node: only how they are mounted is judged.
func hostVolumes(volumes []corev1.Volume) map[string]bool {
	var names map[string]bool
	for i := range volumes {
		if volumes[i].HostPath == nil {
			continue
		}
		if names == nil {
			names = map[string]bool{}
		}
		names[volumes[i].Name] = true
	}
	return names
}

func trimContainers(containers []corev1.Container, onHost map[string]bool, hostNetwork bool) []corev1.Container {
	if len(containers) == 0 {
		return nil
	}
	trimmed := make([]corev1.Container, len(containers))
	for i := range containers {
		trimmed[i] = trimContainer(&containers[i], onHost, hostNetwork)
	}
	return trimmed
}

func trimContainer(c *corev1.Container, onHost map[string]bool, hostNetwork bool) corev1.Container {
	return corev1.Container{
		Name:            c.Name,
		Image:           c.Image,
		SecurityContext: c.SecurityContext,
		Resources:       corev1.ResourceRequirements{Limits: c.Resources.Limits, Requests: c.Resources.Requests},
		Ports:           trimPorts(c.Ports, hostNetwork),
		Env:             trimEnv(c.Env),
		EnvFrom:         trimEnvFrom(c.EnvFrom),
		VolumeMounts:    trimMounts(c.VolumeMounts, onHost),
		LivenessProbe:   trimProbe(c.LivenessProbe),
		ReadinessProbe:  trimProbe(c.ReadinessProbe),
		StartupProbe:    trimProbe(c.StartupProbe),
		Lifecycle:       trimLifecycle(c.Lifecycle),
	}
}

// trimPorts keeps those that take a port of the node, as all do on its network, and those that NetworkPolicies may name.
func trimPorts(ports []corev1.ContainerPort, hostNetwork bool) []corev1.ContainerPort {
	var kept []corev1.ContainerPort
	for _, port := range ports {
		if port.HostPort != 0 || port.Name != "" || hostNetwork {
			kept = append(kept, port)
		}
	}
	return kept
}

// trimEnv keeps the variables that come from a Secret. No value of a variable is kept.
func trimEnv(env []corev1.EnvVar) []corev1.EnvVar {
	var kept []corev1.EnvVar
	for _, variable := range env {
		if variable.ValueFrom != nil && variable.ValueFrom.SecretKeyRef != nil {
			kept = append(kept, corev1.EnvVar{
				Name: variable.Name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: variable.ValueFrom.SecretKeyRef},
			})
		}
	}
	return kept
}

func trimEnvFrom(sources []corev1.EnvFromSource) []corev1.EnvFromSource {
	var kept []corev1.EnvFromSource
	for _, source := range sources {
		if source.SecretRef != nil {
			kept = append(kept, source)
		}
	}
	return kept
}

func trimMounts(mounts []corev1.VolumeMount, onHost map[string]bool) []corev1.VolumeMount {
	var kept []corev1.VolumeMount
	for _, mount := range mounts {
		if onHost[mount.Name] {
			kept = append(kept, mount)
		}
	}
	return kept
}

// trimProbe keeps of a probe the host that it names, if it names one.
func trimProbe(probe *corev1.Probe) *corev1.Probe {
	if probe == nil {
		return nil
	}
	get, socket := trimHosts(probe.HTTPGet, probe.TCPSocket)
	if get == nil && socket == nil {
		return nil
	}
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: get, TCPSocket: socket}}
}

func trimLifecycle(lifecycle *corev1.Lifecycle) *corev1.Lifecycle {
	if lifecycle == nil {
		return nil
	}
	start, stop := trimHook(lifecycle.PostStart), trimHook(lifecycle.PreStop)
	if start == nil && stop == nil {
		return nil
	}
	return &corev1.Lifecycle{PostStart: start, PreStop: stop}
}

func trimHook(hook *corev1.LifecycleHandler) *corev1.LifecycleHandler {
	if hook == nil {
		return nil
	}
	get, socket := trimHosts(hook.HTTPGet, hook.TCPSocket)
	if get == nil && socket == nil {
		return nil
	}
	return &corev1.LifecycleHandler{HTTPGet: get, TCPSocket: socket}
}

func trimHosts(get *corev1.HTTPGetAction, socket *corev1.TCPSocketAction) (*corev1.HTTPGetAction, *corev1.TCPSocketAction) {
	if get != nil && get.Host != "" {
		get = &corev1.HTTPGetAction{Host: get.Host}
	} else {
		get = nil
	}
	if socket != nil && socket.Host != "" {
		socket = &corev1.TCPSocketAction{Host: socket.Host}
	} else {
		socket = nil
	}
	return get, socket
}
