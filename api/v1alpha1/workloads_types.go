package v1alpha1

// Forbidden is the value of a rule that knows only one strictness: what it names must not be.
//
// +kubebuilder:validation:Enum=Forbidden
type Forbidden string

// Required is the value of a rule that knows only one strictness: what it names must be.
//
// +kubebuilder:validation:Enum=Required
type Required string

const (
	// RuleForbidden switches a rule on that forbids something.
	RuleForbidden Forbidden = "Forbidden"
	// RuleRequired switches a rule on that requires something.
	RuleRequired Required = "Required"
)

// Workloads declares what the pods of workloads may do. Every rule judges the effective value: a container's
// own setting before its pod's, and what Kubernetes does when neither is set. Init containers and ephemeral
// containers count like any other.
type Workloads struct {
	// podSecurityStandard asks for every rule of a level of the Pod Security Standards, as a version of Kubernetes words
	// them, besides what is declared here. disabledChecks switches single checks of the level off.
	// +optional
	PodSecurityStandard PodSecurityStandard `json:"podSecurityStandard,omitzero"`

	// privileged: Forbidden means that no container runs privileged.
	// +optional
	Privileged Forbidden `json:"privileged,omitempty"`

	// allowPrivilegeEscalation: Forbidden means that every container sets allowPrivilegeEscalation to false;
	// unset, it is true. Windows pods are exempt: they cannot set it.
	// +optional
	AllowPrivilegeEscalation Forbidden `json:"allowPrivilegeEscalation,omitempty"`

	// readOnlyRootFilesystem: Required means that every container has a read-only root filesystem. Windows pods
	// are exempt: they cannot set it.
	// +optional
	ReadOnlyRootFilesystem Required `json:"readOnlyRootFilesystem,omitempty"`

	// runAsNonRoot: Required means that runAsNonRoot is true for every container, by itself or through its pod,
	// and false nowhere. A runAsUser other than 0 does not stand in for it, as in the Pod Security Standards.
	// +optional
	RunAsNonRoot Required `json:"runAsNonRoot,omitempty"`

	// runAsUser says which users containers may run as. A container for which neither it nor its pod sets runAsUser runs
	// as the user of its image, which nobody can see here, and is found. Windows pods are exempt: they cannot set it.
	// +optional
	RunAsUser IDRanges `json:"runAsUser,omitzero"`

	// runAsGroup says which primary groups containers may run as. A container for which neither it nor its pod sets
	// runAsGroup runs as the group of its image or as root's, and is found. Windows pods are exempt: they cannot set it.
	// +optional
	RunAsGroup IDRanges `json:"runAsGroup,omitzero"`

	// fsGroup says which group may own the volumes of a pod. A pod without an fsGroup passes: it gains no group.
	// +optional
	FSGroup IDRanges `json:"fsGroup,omitzero"`

	// supplementalGroups says which further groups a pod may give its containers. None at all passes.
	// +optional
	SupplementalGroups IDRanges `json:"supplementalGroups,omitzero"`

	// supplementalGroupsPolicy says whether the groups of the image may count besides those of the pod.
	// +optional
	SupplementalGroupsPolicy SupplementalGroupsPolicies `json:"supplementalGroupsPolicy,omitzero"`

	// capabilities says which Linux capabilities containers must drop and may add.
	// +optional
	Capabilities Capabilities `json:"capabilities,omitzero"`

	// seccompProfile says which seccomp profiles containers may run under.
	// +optional
	SeccompProfile SeccompProfiles `json:"seccompProfile,omitzero"`

	// appArmorProfile says which AppArmor profiles containers may run under.
	// +optional
	AppArmorProfile AppArmorProfiles `json:"appArmorProfile,omitzero"`

	// seLinux says which SELinux labels pods and containers may ask for.
	// +optional
	SELinux SELinuxLabels `json:"seLinux,omitzero"`

	// procMount says how much of /proc containers may see. A container that sets none has Default.
	// +optional
	ProcMount ProcMounts `json:"procMount,omitzero"`

	// sysctls says which kernel parameters pods may set.
	// +optional
	Sysctls Sysctls `json:"sysctls,omitzero"`

	// hostPID: Forbidden means that no pod shares the host's process IDs.
	// +optional
	HostPID Forbidden `json:"hostPID,omitempty"`

	// hostIPC: Forbidden means that no pod shares the host's IPC namespace.
	// +optional
	HostIPC Forbidden `json:"hostIPC,omitempty"`

	// hostNetwork: Forbidden means that no pod shares the host's network.
	// +optional
	HostNetwork Forbidden `json:"hostNetwork,omitempty"`

	// hostUsers: Forbidden means that every pod has a user namespace of its own: it sets hostUsers to false. Unset, it
	// is true. Windows pods are exempt: they cannot set it.
	// +optional
	HostUsers Forbidden `json:"hostUsers,omitempty"`

	// hostProcess: Forbidden means that no pod and no container runs as a Windows host process.
	// +optional
	HostProcess Forbidden `json:"hostProcess,omitempty"`

	// hostPorts says which ports of the node containers may take.
	// +optional
	HostPorts HostPorts `json:"hostPorts,omitzero"`

	// hostProbes: Forbidden means that no probe and no lifecycle hook names a host, and so makes the kubelet connect to
	// another address than that of the pod.
	// +optional
	HostProbes Forbidden `json:"hostProbes,omitempty"`

	// shareProcessNamespace: Forbidden means that the containers of a pod do not see each other's processes.
	// +optional
	ShareProcessNamespace Forbidden `json:"shareProcessNamespace,omitempty"`

	// volumes says which types of volumes and which paths of the node pods may use.
	// +optional
	Volumes Volumes `json:"volumes,omitzero"`

	// runtimeSockets: Forbidden means that no pod mounts the socket of a container runtime (Docker, containerd, CRI-O,
	// cri-dockerd, Podman), be it through a directory above it.
	// +optional
	RuntimeSockets Forbidden `json:"runtimeSockets,omitempty"`

	// runtimeClasses says which RuntimeClasses pods may run under.
	// +optional
	RuntimeClasses RuntimeClasses `json:"runtimeClasses,omitzero"`

	// serviceAccountToken: Forbidden means that no pod has the token of its ServiceAccount mounted by itself: the pod
	// sets automountServiceAccountToken to false or, where it sets nothing, its ServiceAccount does. Unset in both, it
	// is mounted.
	// +optional
	ServiceAccountToken Forbidden `json:"serviceAccountToken,omitempty"`

	// defaultServiceAccount: Forbidden means that no pod runs as the ServiceAccount default, by name or because it names none.
	// +optional
	DefaultServiceAccount Forbidden `json:"defaultServiceAccount,omitempty"`

	// secretsInEnvironment: Forbidden means that no container takes the value of an environment variable from a Secret.
	// +optional
	SecretsInEnvironment Forbidden `json:"secretsInEnvironment,omitempty"`

	// ephemeralContainers: Forbidden means that no pod has had an ephemeral container (kubectl debug) put into it. It is
	// reported on the pod itself, also where a controller has made that: no template has ephemeral containers.
	// +optional
	EphemeralContainers Forbidden `json:"ephemeralContainers,omitempty"`

	// images says where images may come from and how exactly they must be named.
	// +optional
	Images Images `json:"images,omitzero"`

	// resources says which resources containers must limit and request.
	// +optional
	Resources Resources `json:"resources,omitzero"`

	// runningPods: MatchTemplate means that no running pod of a controller is weaker than the template that it was made from:
	// by a webhook that changed it, by a container that somebody added, or because it is of an older revision. What counts as
	// weaker is what else this baseline declares for workloads. Labels are not compared: a running pod that was relabelled, and
	// so is isolated by no NetworkPolicy any more or let in elsewhere, is not found.
	// +optional
	RunningPods MatchTemplate `json:"runningPods,omitempty"`
}

// PodSecurityStandard is a level of the Pod Security Standards in one version.
type PodSecurityStandard struct {
	// level is baseline or restricted. The third level, privileged, asks for nothing.
	// +required
	Level PodSecurityLevel `json:"level,omitempty"`

	// version is the version of Kubernetes whose words count, such as v1.36, or latest: the newest that this operator
	// knows. The rules change from version to version, so that latest may find more after an upgrade of the operator.
	// +required
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:XValidation:rule="self.matches('^(latest|v1[.](0|[1-9][0-9]{0,2}))$')",message="must be a version of Kubernetes such as v1.36, or latest"
	Version string `json:"version,omitempty"`
}

// PodSecurityLevel is a level of the Pod Security Standards that asks for something.
//
// +kubebuilder:validation:Enum=baseline;restricted
type PodSecurityLevel string

const (
	// LevelBaseline prevents known ways out of a container.
	LevelBaseline PodSecurityLevel = "baseline"
	// LevelRestricted is current practice for hardening pods. It includes what baseline asks for.
	LevelRestricted PodSecurityLevel = "restricted"
)
