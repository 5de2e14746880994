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

	// capabilities says which Linux capabilities containers must drop and may add.
	// +optional
	Capabilities Capabilities `json:"capabilities,omitzero"`

	// seccompProfile says which seccomp profiles containers may run under.
	// +optional
	SeccompProfile SeccompProfiles `json:"seccompProfile,omitzero"`

	// hostPID: Forbidden means that no pod shares the host's process IDs.
	// +optional
	HostPID Forbidden `json:"hostPID,omitempty"`

	// hostIPC: Forbidden means that no pod shares the host's IPC namespace.
	// +optional
	HostIPC Forbidden `json:"hostIPC,omitempty"`

	// hostNetwork: Forbidden means that no pod shares the host's network.
	// +optional
	HostNetwork Forbidden `json:"hostNetwork,omitempty"`
}

// Capabilities says which Linux capabilities containers must drop and may add.
//
// +kubebuilder:validation:XValidation:rule="has(self.requiredDrop) || has(self.allowedAdd)",message="must set requiredDrop, allowedAdd or both; allowedAdd: [] allows no capability"
type Capabilities struct {
	// requiredDrop lists the capabilities that every container must drop; ALL means drop: [ALL], and a container
	// that drops ALL drops every other too, unless it adds it back. Absent: not judged. Windows pods are exempt.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	RequiredDrop []Capability `json:"requiredDrop,omitzero"`

	// allowedAdd lists the capabilities that containers may add. An empty list allows none; absent: not judged.
	// Windows pods are exempt.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	AllowedAdd []Capability `json:"allowedAdd,omitzero"`
}

// Capability is the name of a Linux capability as pods spell it, such as NET_ADMIN, or ALL. Names are compared
// exactly, as Pod Security admission compares them.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Z0-9_]*$') && !self.startsWith('CAP_')",message="must be a capability as pods spell it: upper case and without the CAP_ prefix, such as NET_ADMIN or ALL"
type Capability string

// SeccompProfiles says which seccomp profiles containers may run under.
type SeccompProfiles struct {
	// allowed lists the profiles that containers may run under. A container without a profile runs Unconfined.
	// A profile set for the pod must be allowed too, even where every container sets its own.
	// Windows pods are exempt.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Allowed []SeccompProfile `json:"allowed,omitempty"`
}

// SeccompProfile is a seccomp profile, or, through a glob, several.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'Localhost' ? has(self.localhostProfile) : !has(self.localhostProfile)",message="must set localhostProfile when type is Localhost, and only then; localhostProfile: \"*\" allows every local profile"
type SeccompProfile struct {
	// type is the kind of profile.
	// +required
	Type SeccompProfileType `json:"type,omitempty"`

	// localhostProfile is the path of a local profile as pods write it, with * for any run of characters.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	LocalhostProfile string `json:"localhostProfile,omitempty"`
}

// SeccompProfileType is the kind of a seccomp profile.
//
// +kubebuilder:validation:Enum=RuntimeDefault;Localhost;Unconfined
type SeccompProfileType string

const (
	// SeccompRuntimeDefault is the profile of the container runtime.
	SeccompRuntimeDefault SeccompProfileType = "RuntimeDefault"
	// SeccompLocalhost is a profile in a file on the node.
	SeccompLocalhost SeccompProfileType = "Localhost"
	// SeccompUnconfined is no profile at all.
	SeccompUnconfined SeccompProfileType = "Unconfined"
)
