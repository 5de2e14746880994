package conformance_test

import (
	"math"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline.dev/plumbline/internal/workload"
)

// changes are what a pod is changed in: a field that a control judges, or what bears on how it is judged. Values that the
// API server refuses are among them, because files hold them and both sides must say the same of these too.
var changes = []func(*generator){
	func(g *generator) { g.pod.Spec.HostNetwork = g.IntN(2) == 0 },
	func(g *generator) { g.pod.Spec.HostPID = g.IntN(2) == 0 },
	func(g *generator) { g.pod.Spec.HostIPC = g.IntN(2) == 0 },
	func(g *generator) { g.ofContainer().Privileged = optional(g, true, false) },
	func(g *generator) { g.ofContainer().AllowPrivilegeEscalation = optional(g, true, false) },
	func(g *generator) { g.ofPod().WindowsOptions = windowsOptions(g) },
	func(g *generator) { g.ofContainer().WindowsOptions = windowsOptions(g) },
	changeCapabilities, changeCapabilities,
	changeVolumes, changeVolumes,
	changePorts,
	changeProbes, changeLifecycle,
	func(g *generator) { g.ofPod().AppArmorProfile = appArmor(g) },
	func(g *generator) { g.ofContainer().AppArmorProfile = appArmor(g) },
	annotateAppArmor,
	func(g *generator) { g.ofPod().SELinuxOptions = seLinux(g) },
	func(g *generator) { g.ofContainer().SELinuxOptions = seLinux(g) },
	func(g *generator) {
		g.ofContainer().ProcMount = optional(g, corev1.DefaultProcMount, corev1.UnmaskedProcMount, "", "default", "Masked")
	},
	func(g *generator) { g.ofPod().SeccompProfile = seccomp(g) },
	func(g *generator) { g.ofContainer().SeccompProfile = seccomp(g) },
	annotateSeccomp,
	changeSysctls, changeSysctls,
	func(g *generator) { g.ofPod().RunAsNonRoot = optional(g, true, false) },
	func(g *generator) { g.ofContainer().RunAsNonRoot = optional(g, true, false) },
	func(g *generator) { g.ofPod().RunAsUser = user(g) },
	func(g *generator) { g.ofContainer().RunAsUser = user(g) },
	func(g *generator) { g.pod.Spec.HostUsers = optional(g, true, false, false) },
	func(g *generator) {
		os := optional(g, corev1.PodOS{Name: corev1.Windows}, corev1.PodOS{Name: corev1.Windows}, corev1.PodOS{Name: corev1.Linux},
			corev1.PodOS{Name: ""}, corev1.PodOS{Name: "Windows"})
		g.pod.Spec.OS = os
	},
	func(g *generator) { g.pod.Spec.SecurityContext = optional(g, corev1.PodSecurityContext{}) },
	func(g *generator) { g.container().SecurityContext = optional(g, corev1.SecurityContext{}) },
	changeWhatIsNotJudged,
}

func windowsOptions(g *generator) *corev1.WindowsSecurityContextOptions {
	return optional(g, corev1.WindowsSecurityContextOptions{HostProcess: optional(g, true, false)})
}

func changeCapabilities(g *generator) {
	context := g.ofContainer()
	if context.Capabilities == nil {
		context.Capabilities = &corev1.Capabilities{}
	}
	switch g.IntN(6) {
	case 0:
		context.Capabilities = nil
	case 1:
		context.Capabilities.Drop = some[corev1.Capability](g, "ALL", "ALL", "all", "All", "CAP_ALL", "NET_RAW", "CHOWN", "")
	default:
		context.Capabilities.Add = some[corev1.Capability](g, "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL",
			"MKNOD", "NET_BIND_SERVICE", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "NET_RAW",
			"NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "ALL", "all", "chown", "CAP_CHOWN", "net_bind_service", "CAP_NET_BIND_SERVICE", "")
	}
}

// changeVolumes adds a volume of one of the types that the API knows, rarely of none or of two.
func changeVolumes(g *generator) {
	volume := corev1.Volume{Name: pick(g, "data", "config", "")}
	source := reflect.ValueOf(&volume.VolumeSource).Elem()
	for range pick(g, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2) {
		field := source.Field(g.IntN(source.NumField()))
		field.Set(reflect.New(field.Type().Elem()))
	}
	if g.IntN(4) == 0 {
		volume.HostPath = optional(g, corev1.HostPathVolumeSource{Path: "/var/log"}, corev1.HostPathVolumeSource{})
	}
	g.pod.Spec.Volumes = append(g.pod.Spec.Volumes, volume)
	if g.IntN(2) == 0 {
		c := g.container()
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volume.Name, MountPath: "/data", ReadOnly: g.IntN(2) == 0})
	}
}

func changePorts(g *generator) {
	c := g.container()
	for range 1 + g.IntN(2) {
		c.Ports = append(c.Ports, corev1.ContainerPort{
			ContainerPort: pick[int32](g, 0, 80, 8080), HostPort: pick[int32](g, 0, 0, 1, 80, 65535, 70000, -1),
		})
	}
}

func changeProbes(g *generator) {
	get, socket := hosts(g)
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: get, TCPSocket: socket}}
	if g.IntN(8) == 0 {
		probe.Exec = &corev1.ExecAction{Command: []string{"true"}}
	}
	c := g.container()
	*pick(g, &c.LivenessProbe, &c.ReadinessProbe, &c.StartupProbe) = optional(g, *probe, *probe, *probe)
}

func changeLifecycle(g *generator) {
	get, socket := hosts(g)
	hook := optional(g, corev1.LifecycleHandler{HTTPGet: get, TCPSocket: socket}, corev1.LifecycleHandler{HTTPGet: get, TCPSocket: socket})
	c := g.container()
	if c.Lifecycle == nil {
		c.Lifecycle = &corev1.Lifecycle{}
	}
	*pick(g, &c.Lifecycle.PostStart, &c.Lifecycle.PreStop) = hook
}

func hosts(g *generator) (*corev1.HTTPGetAction, *corev1.TCPSocketAction) {
	names := []string{"", "127.0.0.1", "localhost", "metadata.internal", "::1", " "}
	get := optional(g, corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(80), Host: pick(g, names...)})
	socket := optional(g, corev1.TCPSocketAction{Port: intstr.FromString("web"), Host: pick(g, names...)})
	return get, socket
}

func appArmor(g *generator) *corev1.AppArmorProfile {
	return optional(g,
		corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault},
		corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault, LocalhostProfile: optional(g, "k8s-api")},
		corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: optional(g, "k8s-api", "")},
		corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined, LocalhostProfile: optional(g, "k8s-api")},
		corev1.AppArmorProfile{},
		corev1.AppArmorProfile{Type: pick[corev1.AppArmorProfileType](g, "runtime/default", "LocalHost", "localhost", "unconfined", "*")},
	)
}

// annotateAppArmor annotates a container, or one that is not there.
func annotateAppArmor(g *generator) {
	g.annotate(workload.AppArmorAnnotation+pick(g, g.container().Name, g.container().Name, "gone", ""),
		pick(g, "runtime/default", "localhost/k8s-api", "localhost/", "localhost", "unconfined", "docker/default", "RuntimeDefault",
			"Localhost", "Unconfined", "", "*", " runtime/default"))
}

func seccomp(g *generator) *corev1.SeccompProfile {
	return optional(g,
		corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault, LocalhostProfile: optional(g, "profiles/api.json")},
		corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: optional(g, "profiles/api.json", "")},
		corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined, LocalhostProfile: optional(g, "profiles/api.json")},
		corev1.SeccompProfile{},
		corev1.SeccompProfile{Type: pick[corev1.SeccompProfileType](g, "runtime/default", "docker/default", "LocalHost", "unconfined", "*")},
	)
}

func annotateSeccomp(g *generator) {
	container := workload.SeccompContainerAnnotation
	g.annotate(pick(g, workload.SeccompPodAnnotation, container+g.container().Name, container+g.container().Name, container+"gone", container),
		pick(g, "runtime/default", "docker/default", "localhost/profiles/api.json", "localhost/", "localhost", "unconfined",
			"RuntimeDefault", "Localhost", "Unconfined", "", "*", "runtime/default "))
}

func seLinux(g *generator) *corev1.SELinuxOptions {
	return optional(g, corev1.SELinuxOptions{
		Type: pick(g, "", "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t", "container_*", "Container_t"),
		User: pick(g, "", "", "", "", "system_u"),
		Role: pick(g, "", "", "", "", "system_r"),
	}, corev1.SELinuxOptions{Level: pick(g, "s0", "s0:c1,c2", "")})
}

func changeSysctls(g *generator) {
	names := some(g, "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
		"net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat", "kernel/shm_rmid_forced",
		"net/ipv4/tcp_syncookies", "net/ipv4.tcp_rmem", "net.ipv4/tcp_rmem", "kernel.msgmax", "net.ipv4.*", "*", "", "Kernel.shm_rmid_forced")
	g.ofPod().Sysctls = nil
	for _, name := range names {
		g.ofPod().Sysctls = append(g.ofPod().Sysctls, corev1.Sysctl{Name: name, Value: "1"})
	}
}

func user(g *generator) *int64 {
	return optional[int64](g, 0, 0, 1, 1000, 65534, math.MaxInt32, math.MaxInt32+1, math.MaxInt64, -1, math.MinInt64)
}

// changeWhatIsNotJudged sets what looks as if it were.
func changeWhatIsNotJudged(g *generator) {
	switch g.IntN(6) {
	case 0:
		g.ofPod().FSGroup, g.ofPod().SupplementalGroups = optional[int64](g, 0, 1000), some[int64](g, 0, 1000)
	case 1:
		g.ofPod().RunAsGroup, g.ofContainer().RunAsGroup = optional[int64](g, 0), optional[int64](g, 0)
	case 2:
		g.ofContainer().ReadOnlyRootFilesystem = optional(g, true, false)
	case 3:
		g.pod.Spec.ShareProcessNamespace = optional(g, true)
	case 4:
		g.annotate(pick(g, "seccomp.security.alpha.kubernetes.io/container", "container.apparmor.security.beta.kubernetes.io", "note"), "unconfined")
	case 5:
		g.pod.Labels = map[string]string{"app": "api"}
	}
}
