package workload

import (
	"regexp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Owner returns the reference to the controller that made the object, and false when it is its own top controller.
//
// A static pod is: the Node that its mirror names as controller is where it runs, not what declares it. So is an
// object whose reference could not name any object: the API server lets everything pass here, and a report could not
// be kept under such a name.
func Owner(meta metav1.Object) (metav1.OwnerReference, bool) {
	owner := metav1.GetControllerOfNoCopy(meta)
	if owner == nil || (owner.Kind == "Node" && owner.APIVersion == "v1") || !nameable(owner) {
		return metav1.OwnerReference{}, false
	}
	return *owner, true
}

// Target returns what a report on the workload speaks of: the controller that it names, where that is of a kind that is not
// watched, and else the workload itself. Whether a watched controller that it names is there, only the cluster knows.
func (w Workload) Target() Ref {
	owner, owned := Owner(w.Meta)
	if !owned {
		return w.Ref
	}
	if ref := RefTo(owner, w.Namespace); !Watched(ref) {
		return ref
	}
	return w.Ref
}

// Makes says whether the controller of a watched kind makes objects of another: a reference that says otherwise is false.
func Makes(controller, made string) bool {
	switch made {
	case "Pod":
		return slices.Contains([]string{"ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"}, controller)
	case "ReplicaSet":
		return controller == "Deployment"
	case "Job":
		return controller == "CronJob"
	}
	return false
}

var kindPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,62}$`)

func nameable(owner *metav1.OwnerReference) bool {
	const maxAPIVersion = 253 + 1 + 63
	return len(owner.APIVersion) <= maxAPIVersion && kindPattern.MatchString(owner.Kind) &&
		len(validation.IsDNS1123Subdomain(owner.Name)) == 0
}

// Made says whether a controller made an object of a kind, as far as its metadata can be believed: what it names may be of a
// kind that nobody knows, but no watched kind that makes no such objects.
func Made(meta metav1.Object, kind string) bool {
	owner, owned := Owner(meta)
	if !owned {
		return false
	}
	ref := RefTo(owner, meta.GetNamespace())
	return !Watched(ref) || Makes(ref.Kind, kind)
}
