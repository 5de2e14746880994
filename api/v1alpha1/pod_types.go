package v1alpha1

// HostPorts says which ports of the node containers may take.
type HostPorts struct {
	// allowedRanges lists the ports of the node that containers may take. An empty list allows none.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	AllowedRanges []PortRange `json:"allowedRanges,omitzero"`
}

// PortRange is a range of ports, both ends included.
//
// +kubebuilder:validation:XValidation:rule="self.min <= self.max",message="min must not be greater than max"
type PortRange struct {
	// min is the first port that is allowed.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Min int32 `json:"min"`

	// max is the last port that is allowed.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Max int32 `json:"max"`
}

// Volumes says which types of volumes and which paths of the node pods may use.
//
// +kubebuilder:validation:XValidation:rule="has(self.allowedTypes) || has(self.allowedHostPaths)",message="must set allowedTypes, allowedHostPaths or both; allowedHostPaths: [] allows no path of the node"
type Volumes struct {
	// allowedTypes lists the types of volumes that pods may use, by the name of their field in the pod spec. An empty
	// list allows none; absent: not judged. Where allowedHostPaths is set, that alone judges volumes of type hostPath.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	AllowedTypes []VolumeType `json:"allowedTypes,omitzero"`

	// allowedHostPaths lists the paths of the node that pods may mount. An empty list allows none; absent: not judged.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	AllowedHostPaths []HostPath `json:"allowedHostPaths,omitzero"`
}

// VolumeType is the name of the field of the pod spec that makes a volume of one type.
//
// +kubebuilder:validation:Enum=awsElasticBlockStore;azureDisk;azureFile;cephfs;cinder;configMap;csi;downwardAPI;emptyDir;ephemeral;fc;flexVolume;flocker;gcePersistentDisk;gitRepo;glusterfs;hostPath;image;iscsi;nfs;persistentVolumeClaim;photonPersistentDisk;portworxVolume;projected;quobyte;rbd;scaleIO;secret;storageos;vsphereVolume
type VolumeType string

// HostPath is a path of the node with everything below it.
type HostPath struct {
	// pathPrefix is the path: /var/log allows /var/log and /var/log/pods, but not /var/logs.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/') && !self.contains('//') && !self.matches('(^|/)[.][.]?(/|$)')",message="must be a path from the root of the node, such as /var/log, without // and without . or .. in it"
	PathPrefix string `json:"pathPrefix,omitempty"`

	// readOnly, when true, allows the path only where every mount of the volume is read-only. Default: false.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
}

// RuntimeClasses says which RuntimeClasses pods may run under.
type RuntimeClasses struct {
	// allowed lists the RuntimeClasses that pods may name, with * for any run of characters. "" allows a pod to name
	// none, and so to run under the default runtime of its node.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9.*-]*$')",message="must be the name of a RuntimeClass: lower case letters, digits, . and -, with * for any run of characters; or \"\" for none"
	Allowed []string `json:"allowed,omitempty"`
}

// Images says where images may come from and how exactly they must be named.
//
// +kubebuilder:validation:XValidation:rule="has(self.allowedRegistries) || has(self.latestTag) || has(self.digest)",message="must set allowedRegistries, latestTag or digest"
type Images struct {
	// allowedRegistries lists where images may come from, with * for any run of characters: registry.example.com/* or
	// docker.io/library/*. It is held against the full name of the image without tag and digest: nginx is
	// docker.io/library/nginx. What stands before the first slash is held against the registry alone, and the rest against
	// the name in it. "*" alone allows every image that can be read.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	// +kubebuilder:validation:items:XValidation:rule="self == '*' || (self.matches('^([][A-Za-z0-9._:*-]*[.:*][][A-Za-z0-9._:*-]*|localhost)/[A-Za-z0-9._/*-]+$') && !self.contains('//') && !self.startsWith('index.docker.io/') && !self.matches('^docker[.]io/[^/*]+$'))",message="must be the full name of images, with * for any run of characters and without scheme, tag and digest, such as registry.example.com/* or docker.io/library/nginx"
	AllowedRegistries []string `json:"allowedRegistries,omitempty"`

	// latestTag: Forbidden means that no image is named with the tag latest, or without a tag, which means the same. A
	// digest makes the tag irrelevant.
	// +optional
	LatestTag Forbidden `json:"latestTag,omitempty"`

	// digest: Required means that every image is named with the digest of its content, such as app@sha256:...
	// +optional
	Digest Required `json:"digest,omitempty"`
}

// Resources says which resources containers must limit and request. What a pod limits or requests as a whole counts
// for all its containers.
//
// +kubebuilder:validation:XValidation:rule="has(self.limits) || has(self.requests)",message="must set limits, requests or both"
type Resources struct {
	// limits lists the resources that every container must limit, such as memory.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Limits []ResourceName `json:"limits,omitempty"`

	// requests lists the resources that every container must request, such as cpu. A limit without a request makes the
	// request as great as the limit, as Kubernetes does.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Requests []ResourceName `json:"requests,omitempty"`
}

// ResourceName is the name of a resource as pods spell it.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self in ['cpu', 'memory', 'ephemeral-storage'] || self.matches('^(hugepages-[A-Za-z0-9]+|[a-z0-9.-]+/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)$')",message="must be a resource as pods spell it, such as memory, cpu, ephemeral-storage or example.com/gpu"
type ResourceName string
