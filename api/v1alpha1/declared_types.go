package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// DeclaredObject is an object as it was agreed: the live one is held against it. Both are compared in the form in which the
// API server stores them: defaults, the order of lists that are sets, and the spelling of quantities make no difference.
// RBAC rules are compared by what they allow, NetworkPolicies by what they let through where that can be decided. Of
// workloads only what bears on the security of their pods is compared.
type DeclaredObject struct {
	// match says how the live object is held against this one. Exact: it is as written here, and what is left out here is
	// as Kubernetes sets it by default. Contains: what is left out here is free. Default: Exact.
	// +optional
	// +kubebuilder:default=Exact
	Match DeclaredMatch `json:"match,omitempty"`

	// onTightening says whether a difference that makes the live object stricter is drift. Default: Ignore.
	// +optional
	// +kubebuilder:default=Ignore
	OnTightening OnTightening `json:"onTightening,omitempty"`

	// object is the object, with apiVersion, kind, metadata.name and, where it has one, metadata.namespace.
	// +required
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:EmbeddedResource
	Object runtime.RawExtension `json:"object"`
}

// DeclaredMatch says how a live object is held against a declared one.
//
// +kubebuilder:validation:Enum=Exact;Contains
type DeclaredMatch string

const (
	// MatchExact means that the live object is as declared.
	MatchExact DeclaredMatch = "Exact"
	// MatchContains means that the live object holds what is declared.
	MatchContains DeclaredMatch = "Contains"
)

// OnTightening says whether it is drift that an object is stricter than declared.
//
// +kubebuilder:validation:Enum=Ignore;Report
type OnTightening string

const (
	// TighteningIgnored means that it is none.
	TighteningIgnored OnTightening = "Ignore"
	// TighteningReported means that it is.
	TighteningReported OnTightening = "Report"
)

// Inventory closes a list: of these kinds nothing may exist, in the scope of the baseline, that is not under declared.
type Inventory struct {
	// kinds are the kinds of the objects.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Kinds []InventoryKind `json:"kinds"`

	// namespaces chooses by the name of the namespace, within the scope of the baseline. What is in no namespace is covered
	// where scope.clusterScoped is not false. Default: every namespace.
	// +optional
	Namespaces NamespaceNames `json:"namespaces,omitzero"`

	// ignore lists objects that may exist all the same. One entry must match.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Ignore []IgnoredObjects `json:"ignore,omitempty"`
}

// InventoryKind is a kind of which a list can be closed.
//
// +kubebuilder:validation:Enum=Deployment;StatefulSet;DaemonSet;ReplicaSet;ReplicationController;Job;CronJob;Pod;Role;ClusterRole;RoleBinding;ClusterRoleBinding;ServiceAccount;NetworkPolicy;Namespace;ValidatingAdmissionPolicy;ValidatingAdmissionPolicyBinding;ValidatingWebhookConfiguration;MutatingAdmissionPolicy;MutatingAdmissionPolicyBinding;MutatingWebhookConfiguration
type InventoryKind string

// IgnoredObjects chooses objects that may exist though nobody declared them. What is set must match.
//
// +kubebuilder:validation:XValidation:rule="has(self.name) || has(self.selector) || has(self.owned)",message="must set name, selector or owned"
type IgnoredObjects struct {
	// name is the name of the object, with * for any run of characters. Default: every name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// selector chooses by the labels of the object. Default: every object.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// owned: true chooses objects that a controller made, as far as their metadata can be believed: whoever may create an object
	// may name a controller of a kind that nobody knows. A watched kind that makes no such objects is not believed. It is meant
	// for the Jobs of a CronJob or the ReplicaSets of a Rollout. Default: every object.
	// +optional
	Owned *bool `json:"owned,omitempty"`
}

// WatchRule is the value of a rule that wants to be told of changes.
//
// +kubebuilder:validation:Enum=Watch
type WatchRule string

// RuleWatch switches such a rule on.
const RuleWatch WatchRule = "Watch"

// MatchTemplate is the value of workloads.runningPods.
//
// +kubebuilder:validation:Enum=MatchTemplate
type MatchTemplate string

// RuleMatchTemplate switches the rule on.
const RuleMatchTemplate MatchTemplate = "MatchTemplate"
