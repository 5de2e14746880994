package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// HistoryType says what happened to a finding.
//
// +kubebuilder:validation:Enum=Opened;Changed;Resolved;Reopened;Waived;WaiverEnded;Gained;Lost
type HistoryType string

const (
	// HistoryOpened means that the finding is new.
	HistoryOpened HistoryType = "Opened"
	// HistoryChanged means that what is expected, or how bad the finding is, changed.
	HistoryChanged HistoryType = "Changed"
	// HistoryResolved means that the finding is gone.
	HistoryResolved HistoryType = "Resolved"
	// HistoryReopened means that a finding that this history shows as resolved is back.
	HistoryReopened HistoryType = "Reopened"
	// HistoryWaived means that an exception waives the finding from now on, be it new or known.
	HistoryWaived HistoryType = "Waived"
	// HistoryWaiverEnded means that no exception waives the finding any more, and it is open.
	HistoryWaiverEnded HistoryType = "WaiverEnded"
	// HistoryGained means that the subject may do something that it could not do before, as message says. It stands for Opened
	// and Reopened where the finding is of origin Permissions, and it is known that what the subject holds has changed and the
	// baseline has not.
	HistoryGained HistoryType = "Gained"
	// HistoryLost means that the subject may no longer do something, as message says. It stands for Resolved where the finding is
	// of origin Permissions, and it is known that what the subject holds has changed and the baseline has not.
	HistoryLost HistoryType = "Lost"
)

// HistoryEntry is one thing that happened to a finding.
type HistoryEntry struct {
	// time is when it happened.
	// +kubebuilder:validation:XValidation:rule="self.getFullYear() >= 1970 && self.getFullYear() <= 9999",message="must be a time such as 2026-11-21T09:00:00Z"
	Time metav1.Time `json:"time"`

	// type is what happened.
	Type HistoryType `json:"type"`

	// check is the ID of the check.
	// +kubebuilder:validation:MaxLength=63
	Check string `json:"check"`

	// baseline is the name of the baseline.
	// +kubebuilder:validation:MaxLength=253
	Baseline string `json:"baseline"`

	// container is the name of the container; absent for findings on the pod.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Container string `json:"container,omitempty"`

	// path is the field, as in the finding; of a long one the beginning, and a hash of the whole. Absent in entries of before
	// entries had one.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Path string `json:"path,omitempty"`

	// value is the value of the finding.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Value string `json:"value,omitempty"`

	// message says of what a subject holds, be it gained, lost, opened or resolved, what it is, and through which binding and role;
	// and of what opened because something was deleted, what that was.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`

	// manager is the field manager that made the change, where it is known: with confidence Low it is not. What opened because a
	// baseline asks for more says nothing of who granted it: that is the lastChange of the finding.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Manager string `json:"manager,omitempty"`
}
