package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NetworkPolicies declares what the NetworkPolicies of a namespace must and may let through. What counts is what all of them
// allow together, not the look of one. Pods of a controller are judged by the labels of its template, not by those that a running
// pod was given since.
type NetworkPolicies struct {
	// defaultDeny says in which directions each namespace must have a policy that selects all its pods, so that what no rule
	// allows is denied to the next pod too. Rules that let something particular through, such as DNS, do not undo it; a rule
	// that lets everything through to all pods does, whichever policy it is in.
	// +optional
	DefaultDeny Directions `json:"defaultDeny,omitzero"`

	// isolation says in which directions each workload must be selected by a policy. Pods on the host's network are selected
	// by none, whatever the policies say, and are found.
	// +optional
	Isolation Directions `json:"isolation,omitzero"`

	// allowAll: Forbidden means that no policy has a rule that lets everything in or out.
	// +optional
	AllowAll Forbidden `json:"allowAll,omitempty"`

	// internetEgress: Forbidden means that no workload may reach the internet at large: 0.0.0.0/0 or ::/0, or what comes to
	// the same. Pods on the host's network reach what the node does, and are found.
	// +optional
	InternetEgress Forbidden `json:"internetEgress,omitempty"`

	// metadataEgress: Forbidden means that no workload may reach the address at which clouds hand out the credentials of a
	// node: 169.254.169.254 and fd00:ec2::254, port 80/TCP. Pods on the host's network reach it, and are found.
	// +optional
	MetadataEgress Forbidden `json:"metadataEgress,omitempty"`

	// danglingPolicies: Forbidden means that no policy selects no workload: a label that was misspelled protects nothing. A
	// policy that selects all pods of its namespace passes, also while there are none.
	// +optional
	DanglingPolicies Forbidden `json:"danglingPolicies,omitempty"`

	// reachability says who may reach workloads. Of those that to selects, every port that is listed may be let in from
	// allowedFrom alone. Pods on the host's network cannot be protected by policies, and are found.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Reachability []Reachability `json:"reachability,omitempty"`
}

// Directions says in which directions something is required.
//
// +kubebuilder:validation:XValidation:rule="has(self.ingress) || has(self.egress)",message="must set ingress, egress or both"
type Directions struct {
	// ingress: Required means for what comes in.
	// +optional
	Ingress Required `json:"ingress,omitempty"`

	// egress: Required means for what goes out.
	// +optional
	Egress Required `json:"egress,omitempty"`
}

// Reachability says who may reach workloads.
type Reachability struct {
	// to chooses the workloads that are protected.
	// +required
	To PodChoice `json:"to"`

	// ports are the ports that are protected, by number and protocol, such as 5432/TCP. Absent: every port.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=10
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[1-9][0-9]{0,4}/(TCP|UDP|SCTP)$') && int(self.split('/')[0]) <= 65535",message="must be a port from 1 to 65535 and a protocol, such as 5432/TCP"
	Ports []string `json:"ports,omitempty"`

	// allowedFrom are the sources that may. Empty: none.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	AllowedFrom []AllowedSource `json:"allowedFrom,omitzero"`
}

// PodChoice chooses workloads by the labels of their pods and of their namespace.
//
// +kubebuilder:validation:XValidation:rule="has(self.namespaceSelector) || has(self.podSelector)",message="must set namespaceSelector, podSelector or both; an empty selector ({}) chooses all"
type PodChoice struct {
	// namespaceSelector chooses by the labels of the namespace. Default: every namespace that the baseline covers; as a
	// source, every namespace.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// podSelector chooses by the labels of the pods. Default: every pod.
	// +optional
	PodSelector *metav1.LabelSelector `json:"podSelector,omitempty"`
}

// AllowedSource is a source that may reach a workload: pods, or a range of addresses.
//
// +kubebuilder:validation:XValidation:rule="has(self.cidr) != (has(self.namespaceSelector) || has(self.podSelector))",message="must set either cidr, or namespaceSelector, podSelector or both"
type AllowedSource struct {
	// namespaceSelector chooses pods by the labels of their namespace. Default: every namespace.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// podSelector chooses pods by their labels. Default: every pod.
	// +optional
	PodSelector *metav1.LabelSelector `json:"podSelector,omitempty"`

	// cidr is a range of addresses, such as 10.0.0.0/8.
	// +optional
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="must be a range of addresses such as 10.0.0.0/8 or 2001:db8::/32"
	CIDR string `json:"cidr,omitempty"`
}

// Namespaces declares what namespaces must be labelled with.
type Namespaces struct {
	// podSecurityLabels says what Pod Security admission must enforce, audit and warn about.
	// +optional
	PodSecurityLabels PodSecurityLabels `json:"podSecurityLabels,omitzero"`
}

// PodSecurityLabels says which levels the pod-security.kubernetes.io labels of a namespace must set, at the least: a
// stricter level passes. A namespace without the label has what the API server was configured with, which nobody can see
// here, and is found; without the warn label it warns by the level that it enforces, if it enforces one.
//
// +kubebuilder:validation:XValidation:rule="has(self.enforce) || has(self.audit) || has(self.warn)",message="must set enforce, audit or warn"
// +kubebuilder:validation:XValidation:rule="!has(self.enforceVersion) || has(self.enforce)",message="enforceVersion must come with enforce"
// +kubebuilder:validation:XValidation:rule="!has(self.auditVersion) || has(self.audit)",message="auditVersion must come with audit"
// +kubebuilder:validation:XValidation:rule="!has(self.warnVersion) || has(self.warn)",message="warnVersion must come with warn"
type PodSecurityLabels struct {
	// enforce is the level that pods are refused by. Workloads that are there already and that the namespace's own label would
	// refuse at their next rollout, whatever level it says, are found too.
	// +optional
	Enforce LabelLevel `json:"enforce,omitempty"`

	// enforceVersion is the version of the level, such as v1.36, or latest. A namespace without a version label has latest.
	// Default: every version passes.
	// +optional
	EnforceVersion LabelVersion `json:"enforceVersion,omitempty"`

	// audit is the level that is noted in the audit log.
	// +optional
	Audit LabelLevel `json:"audit,omitempty"`

	// auditVersion is the version of the level. Default: every version passes.
	// +optional
	AuditVersion LabelVersion `json:"auditVersion,omitempty"`

	// warn is the level that clients are warned by.
	// +optional
	Warn LabelLevel `json:"warn,omitempty"`

	// warnVersion is the version of the level. Default: every version passes.
	// +optional
	WarnVersion LabelVersion `json:"warnVersion,omitempty"`
}

// LabelLevel is a level of the Pod Security Standards that a label must set.
//
// +kubebuilder:validation:Enum=baseline;restricted
type LabelLevel string

// LabelVersion is a version of the Pod Security Standards as a label spells it.
//
// +kubebuilder:validation:MaxLength=8
// +kubebuilder:validation:XValidation:rule="self == 'latest' || self.matches('^v1[.](0|[1-9][0-9]{0,2})$')",message="must be latest or a version such as v1.36"
type LabelVersion string
