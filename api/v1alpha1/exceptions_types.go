package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CheckID is the ID of a check. One that no check has makes the baseline invalid, and in an exception only that.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9-]+$')",message="must be the ID of a check, such as host-port"
type CheckID string

// SeverityOverride gives the findings of a check another severity in a baseline.
type SeverityOverride struct {
	// check is the ID of the check.
	// +required
	Check CheckID `json:"check,omitempty"`

	// severity is that of all findings of the check.
	// +required
	Severity Severity `json:"severity,omitempty"`
}

// ExceptionPolicy says what exceptions must keep to. One that does not is Invalid and waives nothing.
//
// +kubebuilder:validation:XValidation:rule="has(self.maxDuration) || has(self.requireExpiry)",message="must set maxDuration, requireExpiry or both"
type ExceptionPolicy struct {
	// maxDuration is how far ahead the end of an exception may lie, in hours, minutes and seconds, such as 2160h (90 days).
	// An exception that ends later waives nothing before its end has come that near, and one without an end never does.
	// At most 87600h (ten years).
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self != '' && self.matches('^([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && duration(self) > duration('0s') && duration(self) <= duration('87600h')",message="must be a duration of hours, minutes and seconds, in this order, such as 2160h, more than 0 and at most 87600h (ten years)"
	MaxDuration *metav1.Duration `json:"maxDuration,omitempty"`

	// requireExpiry, when true, makes an exception without expires Invalid. Default: false.
	// +optional
	RequireExpiry bool `json:"requireExpiry,omitempty"`
}

// Exception waives findings of one baseline: those that match all it says, and no others. Waived findings stay in the
// report and are counted apart. An exception is a ceiling: what goes beyond it drifts.
type Exception struct {
	// name tells the exception from others of the baseline.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')",message="must be lower case letters, digits and -, and begin and end with a letter or a digit, such as cfos-firewall"
	Name string `json:"name,omitempty"`

	// reason says why the findings are accepted.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.trim() != ''",message="must say why the findings are accepted"
	Reason string `json:"reason,omitempty"`

	// ticket says where it was decided.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Ticket string `json:"ticket,omitempty"`

	// owner says who answers for it.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Owner string `json:"owner,omitempty"`

	// expires is when the exception ends: from this second on its findings are open. Absent: it does not end.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2027-01-31T00:00:00Z"
	Expires *metav1.Time `json:"expires,omitempty"`

	// checks lists the checks whose findings are waived.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Checks []CheckID `json:"checks,omitempty"`

	// targets lists the objects whose findings are waived; one of them must match. The objects are those that reports speak
	// of: the Deployment, not its pods. Absent: every object that the baseline judges.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Targets []ExceptionTarget `json:"targets,omitempty"`

	// containers lists the containers whose findings are waived; one of them must match. Findings on the pod as a whole
	// then are not waived. Absent: all findings of an object.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Containers []ExceptionContainer `json:"containers,omitempty"`

	// values lists the values that are waived, as reports spell them. A permission with fewer verbs is waived with it:
	// "get,list secrets" stands for "get secrets", too. Absent: every value.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	Values []string `json:"values,omitempty"`
}

// ExceptionTarget chooses the objects that reports speak of. What is set must match; * stands for any run of
// characters.
//
// +kubebuilder:validation:XValidation:rule="has(self.namespaces) || has(self.kinds) || has(self.names)",message="must set namespaces, kinds or names; leave targets out to waive for every object"
type ExceptionTarget struct {
	// namespaces lists the namespaces. Default: every namespace.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9*-]+$')",message="must be the name of a namespace: lower case letters, digits and -, with * for any run of characters"
	Namespaces []string `json:"namespaces,omitempty"`

	// kinds lists the kinds, such as Deployment or Rollout. The name of a kind that is judged by itself means that kind
	// alone, and not one of another API group that is called so too. Default: every kind.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[A-Za-z0-9*]+$')",message="must be a kind such as Deployment, with * for any run of characters"
	Kinds []string `json:"kinds,omitempty"`

	// names lists the names. Default: every name.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Names []string `json:"names,omitempty"`
}

// ExceptionContainer chooses containers. What is set must match; * stands for any run of characters. A name alone
// proves little: whoever may change the object chooses it. The image says what runs under it.
//
// +kubebuilder:validation:XValidation:rule="has(self.name) || has(self.image)",message="must set name, image or both; both must match where both are set"
type ExceptionContainer struct {
	// name is the name of the container. Default: every name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// image is the image as the pod spells it, with tag and digest, such as registry.example.com/cfos:*. What stands before
	// the first slash is held against the registry alone. Default: every image.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`
}

// ExceptionState says where an exception stands in its life.
//
// +kubebuilder:validation:Enum=Active;Expiring;Expired;Unused;Invalid
type ExceptionState string

const (
	// ExceptionActive means that the exception waives findings.
	ExceptionActive ExceptionState = "Active"
	// ExceptionExpiring means that it waives findings and ends within seven days.
	ExceptionExpiring ExceptionState = "Expiring"
	// ExceptionExpired means that it has ended: what it waived is open.
	ExceptionExpired ExceptionState = "Expired"
	// ExceptionUnused means that nothing matches it: it can go.
	ExceptionUnused ExceptionState = "Unused"
	// ExceptionInvalid means that it waives nothing until somebody changes it, or its end has come near enough.
	ExceptionInvalid ExceptionState = "Invalid"
)

// ExceptionStatus says what has become of an exception.
type ExceptionStatus struct {
	// name is that of the exception.
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// state is where it stands in its life.
	State ExceptionState `json:"state"`

	// matched is the number of findings that it waives, or shares in waiving with another exception.
	Matched int32 `json:"matched"`

	// message says of one that is Invalid, why.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}
