package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// DriftReport says what of one object has drifted from the baselines that cover it. An object that has not
// drifted has none. The object, the target, is the top controller of a pod: a Deployment, not its ReplicaSets.
//
// The status is written together with the rest, in one write, so that nobody ever sees a report without its
// findings. There is no status subresource.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=drift,categories=plumbline
// +kubebuilder:metadata:labels={app.kubernetes.io/name=plumbline,app.kubernetes.io/part-of=plumbline}
// +kubebuilder:selectablefield:JSONPath=`.spec.target.kind`
// +kubebuilder:selectablefield:JSONPath=`.spec.target.name`
// +kubebuilder:selectablefield:JSONPath=`.status.state`
// +kubebuilder:selectablefield:JSONPath=`.status.severity`
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.target.kind`
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.spec.target.name`
// +kubebuilder:printcolumn:name="Severity",type=string,JSONPath=`.status.severity`
// +kubebuilder:printcolumn:name="Findings",type=integer,JSONPath=`.status.summary.findings`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Changed-By",type=string,JSONPath=`.status.findings[0].lastChange.manager`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Change-Class",type=string,JSONPath=`.status.findings[0].lastChange.class`,priority=1
// +kubebuilder:printcolumn:name="Baselines",type=string,JSONPath=`.status.baselines`,priority=1
type DriftReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec names the target.
	// +required
	Spec DriftReportSpec `json:"spec"`

	// status says what has drifted.
	// +optional
	Status DriftReportStatus `json:"status,omitzero"`
}

// DriftReportList is a list of DriftReports.
//
// +kubebuilder:object:root=true
type DriftReportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []DriftReport `json:"items"`
}

// DriftReportSpec names the target of a report.
type DriftReportSpec struct {
	// target is the object that the report speaks of. It never changes.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="must not change: a report speaks of one object for as long as it lives"
	Target TargetReference `json:"target"`
}

// TargetReference names an object.
type TargetReference struct {
	// apiVersion is the group and version of the object, such as apps/v1.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=320
	APIVersion string `json:"apiVersion"`

	// kind is the kind of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`

	// namespace is the namespace of the object; absent when it has none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// name is the name of the object, or of the user or group: Kubernetes lets these hold any character.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Name string `json:"name"`

	// uid tells the object from earlier ones of the same name; absent for users and groups, which are no objects.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	UID types.UID `json:"uid,omitempty"`
}

// ReportState says where a report stands in its life.
//
// +kubebuilder:validation:Enum=Drifted;Waived;Resolved
type ReportState string

const (
	// StateDrifted means that the report has open findings.
	StateDrifted ReportState = "Drifted"
	// StateWaived means that exceptions waive all findings that there are.
	StateWaived ReportState = "Waived"
	// StateResolved means that the last finding was resolved at resolvedAt. The report stays for the baseline's
	// resolvedRetention, then goes.
	StateResolved ReportState = "Resolved"
)

// Severity says how bad a finding is.
//
// +kubebuilder:validation:Enum=Critical;High;Medium;Low
type Severity string

const (
	// SeverityCritical means that whoever holds the container holds the node.
	SeverityCritical Severity = "Critical"
	// SeverityHigh means that a known way out of the container, or to root inside it, stands open.
	SeverityHigh Severity = "High"
	// SeverityMedium means that a layer of defence is missing.
	SeverityMedium Severity = "Medium"
	// SeverityLow means that good practice is not followed.
	SeverityLow Severity = "Low"
)

// DriftReportStatus says what has drifted.
type DriftReportStatus struct {
	// state is Drifted while there are open findings, else Waived while there are waived ones, else Resolved.
	// +optional
	State ReportState `json:"state,omitempty"`

	// severity is that of the worst open finding; absent when none is open.
	// +optional
	Severity Severity `json:"severity,omitempty"`

	// targetGeneration is the generation of the target that this content was made from. A later generation that
	// changes nothing in the report is not written.
	// +optional
	TargetGeneration int64 `json:"targetGeneration,omitempty"`

	// baselines are the names of the baselines with findings here; in a resolved report, of those that had some last.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:items:MaxLength=63
	Baselines []string `json:"baselines,omitempty"`

	// summary counts the findings. The numbers are exact, also when the list of findings was cut.
	// +optional
	Summary ReportSummary `json:"summary"`

	// firstDetected is when the drift that the report now shows began: when the first of an unbroken line of open
	// findings was opened; absent while all findings are waived.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2026-11-21T09:00:00Z"
	FirstDetected *metav1.Time `json:"firstDetected,omitempty"`

	// resolvedAt is when the last finding, open or waived, was resolved; absent while there is one.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2026-11-21T09:00:00Z"
	ResolvedAt *metav1.Time `json:"resolvedAt,omitempty"`

	// conditions are Drifted and Evaluated. Evaluated is Unknown when something could not be read or judged, and
	// then names it: what could not be seen does not pass.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime.getFullYear() >= 1970 && c.lastTransitionTime.getFullYear() <= 9999)",message="lastTransitionTime must be a time such as 2026-11-21T09:00:00Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// findings are what has drifted: open ones before waived ones, the worst first, then by check, container, path and
	// value. At most 50 and 32 KiB; summary.truncated counts the rest.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Findings []Finding `json:"findings,omitempty"`

	// history is what happened to the findings, the newest first, at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	History []HistoryEntry `json:"history,omitempty"`
}

// ReportSummary counts the findings of a report.
type ReportSummary struct {
	// findings is the number of open findings.
	Findings int32 `json:"findings"`

	// waived is the number of findings that exceptions waive; they are not open. Default: 0.
	// +optional
	// +kubebuilder:default=0
	Waived int32 `json:"waived"`

	// SeverityCounts counts the open findings by severity.
	SeverityCounts `json:",inline"`

	// truncated is the number of findings, open or waived, that are counted but not listed, because the list was full.
	Truncated int32 `json:"truncated"`
}

// Finding is one value of one field that a baseline does not allow. It is told from others by baseline, check,
// container, path and value.
type Finding struct {
	// check is the ID of the check that found it.
	// +kubebuilder:validation:MaxLength=63
	Check string `json:"check"`

	// baseline is the name of the baseline that declares otherwise.
	// +kubebuilder:validation:MaxLength=253
	Baseline string `json:"baseline"`

	// severity is how bad it is.
	Severity Severity `json:"severity"`

	// container is the name of the container; absent for findings on the pod.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Container string `json:"container,omitempty"`

	// path is the field, with containers by name, never by index.
	// +kubebuilder:validation:MaxLength=512
	Path string `json:"path"`

	// value is the one value that is not allowed. A field that is not set has the value that Kubernetes gives it.
	// +kubebuilder:validation:MaxLength=256
	Value string `json:"value"`

	// expected is what the baseline allows.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Expected string `json:"expected,omitempty"`

	// actual is the whole of the field as it is.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Actual string `json:"actual,omitempty"`

	// message is the finding in a sentence.
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`

	// remediation is what to do about it.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Remediation string `json:"remediation,omitempty"`

	// origin says where the value was seen.
	// +optional
	Origin Origin `json:"origin,omitempty"`

	// pods is how many pods of the target have the finding, where its origin is RunningPods.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Pods int32 `json:"pods,omitempty"`

	// firstSeen is when the finding was first found, be it open or waived.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2026-11-21T09:00:00Z"
	FirstSeen *metav1.Time `json:"firstSeen,omitempty"`

	// lastChange says what changed the field last, as far as the target's managedFields tell.
	// +optional
	LastChange *Change `json:"lastChange,omitempty"`

	// waiver names the exception that waives the finding; absent while the finding is open.
	// +optional
	Waiver *Waiver `json:"waiver,omitempty"`
}

// Waiver names the exception that waives a finding.
type Waiver struct {
	// exception is the name of the exception in the finding's baseline. Of several that waive it, the one that ends last.
	// +kubebuilder:validation:MaxLength=63
	Exception string `json:"exception"`

	// expires is when the exception ends; absent when it does not.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2027-01-31T00:00:00Z"
	Expires *metav1.Time `json:"expires,omitempty"`
}

// Origin says where the value of a finding was seen.
//
// +kubebuilder:validation:Enum=Template;RunningPods;Object;Permissions
type Origin string

const (
	// OriginTemplate means the pod template of the target, or the pod itself.
	OriginTemplate Origin = "Template"
	// OriginRunningPods means pods of the target that are weaker than its template; pods says how many.
	OriginRunningPods Origin = "RunningPods"
	// OriginObject means the target itself, which is no workload: a role, a binding, a NetworkPolicy, a Namespace.
	OriginObject Origin = "Object"
	// OriginPermissions means what the target holds, or what the ServiceAccount holds that its pods run as, through the
	// bindings that the finding names.
	OriginPermissions Origin = "Permissions"
)

// Change names what changed a field, from the target's managedFields. The manager is a name that clients give
// themselves: a hint, not a proof.
type Change struct {
	// manager is the field manager.
	// +kubebuilder:validation:MaxLength=128
	Manager string `json:"manager"`

	// operation is Apply (server-side apply) or Update (everything else).
	// +optional
	// +kubebuilder:validation:Enum=Apply;Update
	Operation metav1.ManagedFieldsOperationType `json:"operation,omitempty"`

	// time is when the manager last changed the object.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2026-11-21T09:00:00Z"
	Time *metav1.Time `json:"time,omitempty"`

	// subresource is the subresource through which the manager changed the object, such as ephemeralcontainers; absent for
	// the object itself.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Subresource string `json:"subresource,omitempty"`

	// class is the sort of manager.
	Class ManagerClass `json:"class"`

	// confidence is High when the manager owns the field itself. It is Low, a guess, when the field is missing and the manager
	// made the newest change to the object or to what would hold the field, when it made the oldest change to an object that
	// nobody declares, or when the time of its change cannot be right.
	Confidence Confidence `json:"confidence"`
}

// ManagerClass is the sort of a field manager.
//
// +kubebuilder:validation:Enum=GitOps;OutOfBand;Controller;Unknown
type ManagerClass string

const (
	// ManagerGitOps is a tool that applies what is written elsewhere: Argo CD, Flux, Helm, Terraform.
	ManagerGitOps ManagerClass = "GitOps"
	// ManagerOutOfBand is a person or a client that nobody declared: kubectl, dashboards, scripts.
	ManagerOutOfBand ManagerClass = "OutOfBand"
	// ManagerController is the control plane.
	ManagerController ManagerClass = "Controller"
	// ManagerUnknown is a manager without a name.
	ManagerUnknown ManagerClass = "Unknown"
)

// Confidence says how sure a Change is.
//
// +kubebuilder:validation:Enum=High;Low
type Confidence string

const (
	// ConfidenceHigh means that the manager owns the field.
	ConfidenceHigh Confidence = "High"
	// ConfidenceLow means that the manager made the newest change around the field.
	ConfidenceLow Confidence = "Low"
)
