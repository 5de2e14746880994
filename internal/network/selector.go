package network

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"plumbline.dev/plumbline/internal/workload"
)

// selector is a podSelector. It can be asked about pods that have labels of which nobody knows the value, because their
// controller sets them, and about those that may have such, because the API server copies them from some nodes.
type selector struct {
	labels.Selector

	// known and added are its requirements, where some are about such labels: those about others, and those.
	known labels.Selector
	added labels.Requirements
}

// certainty is what counts as a match where a value is not known.
type certainty bool

const (
	may  certainty = false // some pod may match
	must certainty = true  // every pod is sure to
)

func newSelector(of labels.Selector) *selector {
	s := &selector{Selector: of}
	requirements, _ := of.Requirements()
	var known labels.Requirements
	for _, requirement := range requirements {
		if workload.MayBeAdded(requirement.Key()) {
			s.added = append(s.added, requirement)
		} else {
			known = append(known, requirement)
		}
	}
	s.known = labels.NewSelector().Add(known...)
	return s
}

// matches says whether the selector matches the labels of the pod.
func (s *selector) matches(pod *Pod, how certainty) bool {
	if len(s.added) == 0 || len(pod.Added) == 0 {
		return s.Matches(labels.Set(pod.Labels))
	}
	if !s.known.Matches(labels.Set(pod.Labels)) {
		return false
	}
	for i := range s.added {
		if !meets(&s.added[i], pod, how) {
			return false
		}
	}
	return true
}

func meets(r *labels.Requirement, pod *Pod, how certainty) bool {
	if !slices.Contains(pod.Added, r.Key()) {
		return r.Matches(labels.Set(pod.Labels))
	}
	if workload.MayBeAbsent(r.Key()) {
		return how == may
	}
	switch r.Operator() {
	case selection.Exists:
		return true
	case selection.DoesNotExist:
		return false
	}
	return how == may
}

// asksFor says whether the selector asks the same as another of the labels that controllers set: a pod that it selects, which
// the other may select, is selected by it.
func (s *selector) asksFor(other *selector) bool {
	for i := range other.added {
		if !slices.ContainsFunc(s.added, func(r labels.Requirement) bool { return r.String() == other.added[i].String() }) {
			return false
		}
	}
	return true
}
