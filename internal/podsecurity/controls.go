package podsecurity

import (
	"math"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Newest is the newest minor version of Kubernetes whose words the table holds, v1.37.
const Newest = 37

const (
	baseline   = v1alpha1.LevelBaseline
	restricted = v1alpha1.LevelRestricted
	forbidden  = v1alpha1.RuleForbidden
	required   = v1alpha1.RuleRequired
)

// controls are the controls of the standards, in the order of the page. Each row is one as a minor version began to word
// it, and changes what the rows above it ask for. Restricted includes what baseline asks for.
//
// When a new version of Kubernetes comes, its rows are added under those of their controls, and Newest is raised:
// test/conformance says which versions the table must tell apart, and holds it against Pod Security admission.
var controls = []struct {
	level v1alpha1.PodSecurityLevel
	since int
	name  string
	ask   func(*Rules)
}{
	{baseline, 0, "HostProcess", func(r *Rules) { r.HostProcess = forbidden }},
	{baseline, 0, "Host Namespaces", func(r *Rules) { r.HostNetwork, r.HostPID, r.HostIPC = forbidden, forbidden, forbidden }},
	{baseline, 0, "Privileged Containers", func(r *Rules) { r.Privileged = forbidden }},
	{baseline, 0, "Capabilities", func(r *Rules) {
		r.Capabilities.AllowedAdd = []v1alpha1.Capability{
			"AUDIT_WRITE",
			"CHOWN",
			"DAC_OVERRIDE",
			"FOWNER",
			"FSETID",
			"KILL",
			"MKNOD",
			"NET_BIND_SERVICE",
			"SETFCAP",
			"SETGID",
			"SETPCAP",
			"SETUID",
			"SYS_CHROOT",
		}
	}},
	{baseline, 0, "HostPath Volumes", func(r *Rules) { r.Volumes.AllowedHostPaths = []v1alpha1.HostPath{} }},
	{baseline, 0, "Host Ports", func(r *Rules) {
		r.HostPorts.AllowedRanges = []v1alpha1.PortRange{}
		r.PortsAsWritten = true
	}},
	{baseline, 34, "Host Probes / Lifecycle Hooks", func(r *Rules) { r.HostProbes = forbidden }},
	{baseline, 0, "AppArmor", func(r *Rules) {
		r.AppArmorProfile.Allowed = []v1alpha1.AppArmorProfile{
			{Type: v1alpha1.AppArmorRuntimeDefault},
			{Type: v1alpha1.AppArmorLocalhost, LocalhostProfile: "*"},
		}
		r.EveryAppArmorAnnotation = true
	}},
	{baseline, 0, "SELinux", func(r *Rules) {
		r.SELinux.AllowedTypes = []string{"container_t", "container_init_t", "container_kvm_t"}
		r.SELinux.AllowedUsers = []string{}
		r.SELinux.AllowedRoles = []string{}
	}},
	{baseline, 31, "SELinux", func(r *Rules) {
		r.SELinux.AllowedTypes = append(r.SELinux.AllowedTypes, "container_engine_t")
	}},
	{baseline, 0, "/proc Mount Type", func(r *Rules) {
		r.ProcMount.Allowed = []v1alpha1.ProcMount{v1alpha1.ProcMountDefault}
	}},
	{baseline, 35, "/proc Mount Type", func(r *Rules) { r.UserNamespacesMayUnmask = true }},
	{baseline, 0, "Seccomp", func(r *Rules) {
		r.SeccompProfile.Allowed = []v1alpha1.SeccompProfile{
			{Type: v1alpha1.SeccompRuntimeDefault},
			{Type: v1alpha1.SeccompLocalhost, LocalhostProfile: "*"},
		}
		r.UnsetSeccompAllowed = true
		r.SeccompAnnotations = true
	}},
	{baseline, 19, "Seccomp", func(r *Rules) { r.SeccompAnnotations = false }},
	{baseline, 0, "Sysctls", func(r *Rules) {
		r.Sysctls.Allowed = []string{
			"kernel.shm_rmid_forced",
			"net.ipv4.ip_local_port_range",
			"net.ipv4.ip_unprivileged_port_start",
			"net.ipv4.tcp_syncookies",
			"net.ipv4.ping_group_range",
		}
		r.ExactSysctls = true
	}},
	{baseline, 27, "Sysctls", allowSysctls("net.ipv4.ip_local_reserved_ports")},
	{baseline, 29, "Sysctls", allowSysctls(
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
	)},
	{baseline, 32, "Sysctls", allowSysctls("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")},
	{baseline, 37, "Sysctls", allowSysctls("net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat")},
	{baseline, 0, "Windows", func(r *Rules) { r.WindowsJudged = true }},

	{restricted, 0, "Volume Types", func(r *Rules) {
		r.Volumes.AllowedTypes = []v1alpha1.VolumeType{
			"configMap",
			"csi",
			"downwardAPI",
			"emptyDir",
			"ephemeral",
			"image",
			"persistentVolumeClaim",
			"projected",
			"secret",
		}
		r.OneVolumeTypeSuffices = true
	}},
	{restricted, 8, "Privilege Escalation", func(r *Rules) { r.AllowPrivilegeEscalation = forbidden }},
	{restricted, 0, "Running as Non-root", func(r *Rules) { r.RunAsNonRoot = required }},
	{restricted, 23, "Running as Non-root user", func(r *Rules) {
		r.RunAsUser.Ranges = []v1alpha1.IDRange{{Min: math.MinInt64, Max: -1}, {Min: 1, Max: math.MaxInt64}}
		r.UnsetUserAllowed = true
	}},
	{restricted, 35, "Running as Non-root", func(r *Rules) { r.UserNamespacesMayBeRoot = true }},
	{restricted, 35, "/proc Mount Type", func(r *Rules) { r.UserNamespacesMayUnmask = false }},
	{restricted, 19, "Seccomp", func(r *Rules) { r.UnsetSeccompAllowed = false }},
	{restricted, 22, "Capabilities", func(r *Rules) {
		r.Capabilities.RequiredDrop = []v1alpha1.Capability{"ALL"}
		r.Capabilities.AllowedAdd = []v1alpha1.Capability{"NET_BIND_SERVICE"}
	}},
	{restricted, 25, "Windows", func(r *Rules) { r.WindowsJudged = false }},
}

func allowSysctls(names ...string) func(*Rules) {
	return func(r *Rules) { r.Sysctls.Allowed = append(r.Sysctls.Allowed, names...) }
}
