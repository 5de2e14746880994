package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SecurityBaseline declares what a team holds to be secure. What it does not declare is not judged: every
// field of workloads, rbac, networkPolicies and namespaces is optional, and an absent field switches its check off. Several baselines may cover one
// object; each is judged on its own, they are never merged.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=sbl,categories=plumbline
// +kubebuilder:metadata:labels={app.kubernetes.io/name=plumbline,app.kubernetes.io/part-of=plumbline}
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Compliant",type=string,JSONPath=`.status.conditions[?(@.type=="Compliant")].status`
// +kubebuilder:printcolumn:name="Objects",type=integer,JSONPath=`.status.summary.objects`
// +kubebuilder:printcolumn:name="Drifted",type=integer,JSONPath=`.status.summary.drifted`
// +kubebuilder:printcolumn:name="Critical",type=integer,JSONPath=`.status.summary.findings.critical`
// +kubebuilder:printcolumn:name="High",type=integer,JSONPath=`.status.summary.findings.high`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="the name of a SecurityBaseline must be at most 63 characters: it is a metric label and stands in every finding"
type SecurityBaseline struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is declared.
	// +required
	Spec SecurityBaselineSpec `json:"spec"`

	// status is what the operator found. The default keeps clients that follow kstatus (Flux, Helm) from
	// taking a baseline that nobody has judged yet for a finished one.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status SecurityBaselineStatus `json:"status,omitzero"`
}

// SecurityBaselineList is a list of SecurityBaselines.
//
// +kubebuilder:object:root=true
type SecurityBaselineList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SecurityBaseline `json:"items"`
}

// SecurityBaselineSpec declares which objects are judged, and against what.
//
// +kubebuilder:validation:XValidation:rule="!has(self.disabledChecks) || size(self.disabledChecks) == 0 || (has(self.workloads) && has(self.workloads.podSecurityStandard))",message="disabledChecks switches checks of workloads.podSecurityStandard off, which is not set; leave out what is not to be judged"
type SecurityBaselineSpec struct {
	// description says in free text what the baseline is for.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Description string `json:"description,omitempty"`

	// suspend, when true, keeps the reports of this baseline as they are and judges nothing. Default: false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// scope chooses the objects that this baseline judges. All its conditions must hold; absent means everything.
	// +optional
	Scope Scope `json:"scope,omitzero"`

	// workloads declares what the pods of workloads may do.
	// +optional
	Workloads Workloads `json:"workloads,omitzero"`

	// rbac declares what roles may allow, bindings may grant and subjects may hold.
	// +optional
	RBAC RBAC `json:"rbac,omitzero"`

	// networkPolicies declares what the NetworkPolicies of namespaces must and may let through.
	// +optional
	NetworkPolicies NetworkPolicies `json:"networkPolicies,omitzero"`

	// namespaces declares what namespaces must be labelled with.
	// +optional
	Namespaces Namespaces `json:"namespaces,omitzero"`

	// guardrails: Watch means that what keeps drift out of the cluster is watched: that the failurePolicy of an admission
	// webhook or an admission policy turns to Ignore, that the binding of a ValidatingAdmissionPolicy no longer denies, and that
	// one of them comes to leave out a namespace that the baseline covers. That one is deleted is told by an Event on the
	// baseline, and found only where it is under declared. A scope with kinds must name those of guardrails.
	// +optional
	Guardrails WatchRule `json:"guardrails,omitempty"`

	// declared lists objects that must exist, and be as written here.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2048
	Declared []DeclaredObject `json:"declared,omitempty"`

	// inventory closes lists: an object of these kinds that is not under declared is drift.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Inventory []Inventory `json:"inventory,omitempty"`

	// severities gives the findings of checks another severity than the check's own.
	// +optional
	// +listType=map
	// +listMapKey=check
	// +kubebuilder:validation:MaxItems=128
	Severities []SeverityOverride `json:"severities,omitempty"`

	// disabledChecks switches single checks of the podSecurityStandard off. What is declared besides it is judged all the
	// same.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=128
	DisabledChecks []CheckID `json:"disabledChecks,omitempty"`

	// exceptionPolicy says what exceptions must keep to.
	// +optional
	ExceptionPolicy ExceptionPolicy `json:"exceptionPolicy,omitzero"`

	// exceptions waive findings that are known and accepted, for a time.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Exceptions []Exception `json:"exceptions,omitempty"`

	// reporting says how drift from this baseline is reported.
	// +optional
	Reporting Reporting `json:"reporting,omitzero"`
}

// Scope chooses objects. All conditions that are set must hold.
type Scope struct {
	// namespaces chooses by the namespace's name. Default: every namespace.
	// +optional
	Namespaces NamespaceNames `json:"namespaces,omitzero"`

	// namespaceSelector chooses by the namespace's labels. Default: every namespace.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// objectSelector chooses by the labels of the object itself (of the Deployment, not of its pods).
	// Default: every object.
	// +optional
	ObjectSelector *metav1.LabelSelector `json:"objectSelector,omitempty"`

	// kinds chooses by the kind of the object that is judged. Of workloads it is that of the object whose pod template is
	// judged: a ReplicaSet that belongs to a custom controller, such as a Rollout, is chosen by ReplicaSet. Empty means every
	// watched kind.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	Kinds []JudgedKind `json:"kinds,omitempty"`

	// clusterScoped says whether what is in no namespace is judged too: ClusterRoles, ClusterRoleBindings, users and groups, and
	// admission policies, their bindings and webhook configurations.
	// namespaces and namespaceSelector do not choose among these. Default: true.
	// +optional
	ClusterScoped *bool `json:"clusterScoped,omitempty"`
}

// JudgedKind is a kind that is judged: one whose pods are, or one of RBAC, of the network, of namespaces or of admission. User
// and Group are the subjects of bindings.
//
// +kubebuilder:validation:Enum=Deployment;StatefulSet;DaemonSet;ReplicaSet;ReplicationController;Job;CronJob;Pod;Role;ClusterRole;RoleBinding;ClusterRoleBinding;ServiceAccount;User;Group;NetworkPolicy;Namespace;ValidatingAdmissionPolicy;ValidatingAdmissionPolicyBinding;ValidatingWebhookConfiguration;MutatingAdmissionPolicy;MutatingAdmissionPolicyBinding;MutatingWebhookConfiguration
type JudgedKind string

// NamespaceNames chooses namespaces by name. A name may hold * for any run of characters.
//
// +kubebuilder:validation:XValidation:rule="has(self.include) || has(self.exclude)",message="must set include, exclude or both; leave namespaces out to choose every namespace"
type NamespaceNames struct {
	// include lists the names that are chosen. Default: every name.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	Include []NameGlob `json:"include,omitempty"`

	// exclude lists the names that are not chosen, even when include lists them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	Exclude []NameGlob `json:"exclude,omitzero"`
}

// NameGlob is the name of a namespace, in which * stands for any run of characters.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9*-]+$')",message="must be the name of a namespace: lower case letters, digits and -, with * for any run of characters"
type NameGlob string

// Reporting says how drift from a baseline is reported.
type Reporting struct {
	// resolvedRetention is how long a report stays after its last finding was resolved, in hours, minutes and seconds, such as
	// 90m or 24h. Where several baselines judge an object, the longest counts. Default: 24h. At most 8760h (a year).
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self != '' && self.matches('^([0-9]{1,4}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$') && duration(self) <= duration('8760h')",message="must be a duration of hours, minutes and seconds, in this order, such as 24h or 1h30m, and at most 8760h (a year)"
	ResolvedRetention *metav1.Duration `json:"resolvedRetention,omitempty"`

	// events says whether Kubernetes Events are sent when drift is detected, changes or is resolved. Default: true.
	// +optional
	Events *bool `json:"events,omitempty"`
}

// SecurityBaselineStatus is what the operator found.
type SecurityBaselineStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, Compliant, EvaluationComplete and ExceptionsHealthy, and, only while they are true, Reconciling and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime.getFullYear() >= 1970 && c.lastTransitionTime.getFullYear() <= 9999)",message="lastTransitionTime must be a time such as 2026-11-21T09:00:00Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// summary counts what was judged and found.
	// +optional
	Summary *BaselineSummary `json:"summary,omitempty"`

	// exceptions says what has become of each exception.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Exceptions []ExceptionStatus `json:"exceptions,omitempty"`
}

// BaselineSummary counts what was judged against a baseline and found. The numbers are exact, also where a report
// lists only the first of its findings.
type BaselineSummary struct {
	// objects is the number of objects judged.
	Objects int32 `json:"objects"`

	// drifted is the number of objects with open findings. One all of whose findings are waived has not drifted.
	Drifted int32 `json:"drifted"`

	// findings counts the open findings by severity.
	Findings SeverityCounts `json:"findings"`

	// waived is the number of findings that exceptions waive. Default: 0.
	// +optional
	// +kubebuilder:default=0
	Waived int32 `json:"waived"`
}

// SeverityCounts counts findings by severity.
type SeverityCounts struct {
	// critical counts findings of severity Critical.
	Critical int32 `json:"critical"`

	// high counts findings of severity High.
	High int32 `json:"high"`

	// medium counts findings of severity Medium.
	Medium int32 `json:"medium"`

	// low counts findings of severity Low.
	Low int32 `json:"low"`
}

// Add counts n more findings of a severity.
func (c *SeverityCounts) Add(severity Severity, n int32) {
	switch severity {
	case SeverityCritical:
		c.Critical += n
	case SeverityHigh:
		c.High += n
	case SeverityMedium:
		c.Medium += n
	case SeverityLow:
		c.Low += n
	}
}
