package v1alpha1

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

	// allowedAdd lists the capabilities that containers may add; ALL allows every one. An empty list allows none; absent:
	// not judged.
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
	// A profile set for the pod must be allowed too, even where every container sets its own. The annotations that stood
	// for the field before Kubernetes 1.19 have no effect since 1.27 and are not read.
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

// IDRanges says which numbers of users or groups are allowed.
type IDRanges struct {
	// ranges lists the numbers that are allowed.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Ranges []IDRange `json:"ranges,omitempty"`
}

// IDRange is a range of numbers of users or groups, both ends included.
//
// +kubebuilder:validation:XValidation:rule="self.min <= self.max",message="min must not be greater than max"
type IDRange struct {
	// min is the smallest number that is allowed. 0 is root.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	Min int64 `json:"min"`

	// max is the greatest number that is allowed.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	Max int64 `json:"max"`
}

// SupplementalGroupsPolicies says whether the groups of the image may count besides those of the pod.
type SupplementalGroupsPolicies struct {
	// allowed lists the policies that pods may have. A pod that sets none has Merge.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	Allowed []SupplementalGroupsPolicy `json:"allowed,omitempty"`
}

// SupplementalGroupsPolicy says where the further groups of a container come from.
//
// +kubebuilder:validation:Enum=Strict;Merge
type SupplementalGroupsPolicy string

const (
	// SupplementalGroupsStrict means those that the pod lists.
	SupplementalGroupsStrict SupplementalGroupsPolicy = "Strict"
	// SupplementalGroupsMerge means those that the pod lists, and those that the image has for its user in /etc/group.
	SupplementalGroupsMerge SupplementalGroupsPolicy = "Merge"
)

// AppArmorProfiles says which AppArmor profiles containers may run under.
type AppArmorProfiles struct {
	// allowed lists the profiles that containers may run under. A profile set for the pod must be allowed too. Where
	// there is no field, the annotation container.apparmor.security.beta.kubernetes.io/<container> counts.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Allowed []AppArmorProfile `json:"allowed,omitempty"`

	// required says whether every container must set a profile, by itself or through its pod. When it is false, one without
	// a profile passes: it runs under the runtime's on nodes that have AppArmor. Default: false. Windows pods are exempt.
	// +optional
	Required bool `json:"required,omitempty"`
}

// AppArmorProfile is an AppArmor profile, or, through a glob, several.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'Localhost' ? has(self.localhostProfile) : !has(self.localhostProfile)",message="must set localhostProfile when type is Localhost, and only then; localhostProfile: \"*\" allows every local profile"
type AppArmorProfile struct {
	// type is the kind of profile.
	// +required
	Type AppArmorProfileType `json:"type,omitempty"`

	// localhostProfile is the name of a profile loaded on the node, with * for any run of characters.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	LocalhostProfile string `json:"localhostProfile,omitempty"`
}

// AppArmorProfileType is the kind of an AppArmor profile.
//
// +kubebuilder:validation:Enum=RuntimeDefault;Localhost;Unconfined
type AppArmorProfileType string

const (
	// AppArmorRuntimeDefault is the profile of the container runtime.
	AppArmorRuntimeDefault AppArmorProfileType = "RuntimeDefault"
	// AppArmorLocalhost is a profile loaded on the node.
	AppArmorLocalhost AppArmorProfileType = "Localhost"
	// AppArmorUnconfined is no profile at all.
	AppArmorUnconfined AppArmorProfileType = "Unconfined"
)

// SELinuxLabels says which SELinux labels pods and containers may ask for. What they leave empty passes: the runtime
// chooses it.
//
// +kubebuilder:validation:XValidation:rule="has(self.allowedTypes) || has(self.allowedUsers) || has(self.allowedRoles) || has(self.allowedLevels)",message="must set allowedTypes, allowedUsers, allowedRoles or allowedLevels; an empty list allows none to be set"
type SELinuxLabels struct {
	// allowedTypes lists the types that may be set. An empty list allows none; absent: not judged.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	AllowedTypes []string `json:"allowedTypes,omitzero"`

	// allowedUsers lists the users that may be set. An empty list allows none; absent: not judged.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	AllowedUsers []string `json:"allowedUsers,omitzero"`

	// allowedRoles lists the roles that may be set. An empty list allows none; absent: not judged.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	AllowedRoles []string `json:"allowedRoles,omitzero"`

	// allowedLevels lists the levels that may be set. An empty list allows none; absent: not judged.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	AllowedLevels []string `json:"allowedLevels,omitzero"`
}

// ProcMounts says how much of /proc containers may see.
type ProcMounts struct {
	// allowed lists what containers may set.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	Allowed []ProcMount `json:"allowed,omitempty"`
}

// ProcMount says how much of /proc a container sees.
//
// +kubebuilder:validation:Enum=Default;Unmasked
type ProcMount string

const (
	// ProcMountDefault means what the runtime does: it masks what is not for containers.
	ProcMountDefault ProcMount = "Default"
	// ProcMountUnmasked means all of it.
	ProcMountUnmasked ProcMount = "Unmasked"
)

// Sysctls says which kernel parameters pods may set.
type Sysctls struct {
	// allowed lists the parameters that pods may set, with * for any run of characters. The spellings net.ipv4.tcp_rmem
	// and net/ipv4/tcp_rmem are the same. An empty list allows none.
	// +required
	// +listType=set
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9_./*-]+$')",message="must be a kernel parameter as pods spell it, such as net.ipv4.tcp_rmem, with * for any run of characters"
	Allowed []string `json:"allowed,omitzero"`
}
