package checks

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// idField is a field of the securityContext by which a pod, and each container for itself, chooses a user or a group.
type idField struct {
	name   string
	ranges []v1alpha1.IDRange
	pod    *int64
	own    func(*corev1.SecurityContext) *int64
	// unset is what it means that neither a container nor its pod chooses, and unsetAllowed whether that passes.
	unset        string
	unsetAllowed bool
}

// judge returns a finding of the pod, and of each container, that chooses what is not allowed or leaves it to others.
func (f idField) judge(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	if f.pod != nil && !inRanges(f.ranges, *f.pod) {
		findings = append(findings, f.ofPod(in))
	}
	for container := range in.Workload.Containers() {
		own := f.own(container.Security())
		switch {
		case own != nil && !inRanges(f.ranges, *own):
			findings = append(findings, f.ofContainer(in, container, *own))
		case own == nil && f.pod == nil && !f.unsetAllowed: // what the pod says has been judged, once
			findings = append(findings, f.ofUnset(in, container))
		}
	}
	return findings
}

// ofPod is a finding even if every container sets its own, as in the Pod Security Standards: the next container that
// somebody adds, also while the pod runs, would inherit it.
func (f idField) ofPod(in *engine.Input) engine.Finding {
	id := strconv.FormatInt(*f.pod, 10)
	return engine.Finding{
		Path:     in.Workload.Path("securityContext." + f.name),
		Value:    id,
		Expected: oneOfIDs(f.ranges),
		Actual:   id,
		Message: "The pod sets " + f.name + " to " + id + ", which baseline " + in.Baseline +
			" does not allow even if every container sets its own.",
		Remediation: "Set securityContext." + f.name + " of the pod to a number that the baseline allows.",
	}
}

func (f idField) ofContainer(in *engine.Input, container workload.Container, own int64) engine.Finding {
	id := strconv.FormatInt(own, 10)
	return engine.Finding{
		Container:   container.Name,
		Path:        container.Path("securityContext." + f.name),
		Value:       id,
		Expected:    oneOfIDs(f.ranges),
		Actual:      id,
		Message:     "Container " + container.Name + " sets " + f.name + " to " + id + ", which baseline " + in.Baseline + " does not allow.",
		Remediation: "Set securityContext." + f.name + " of the container to a number that the baseline allows.",
	}
}

func (f idField) ofUnset(in *engine.Input, container workload.Container) engine.Finding {
	return engine.Finding{
		Container: container.Name,
		Path:      container.Path("securityContext." + f.name),
		Value:     "unset",
		Expected:  oneOfIDs(f.ranges),
		Actual:    unset(f.unset),
		Message: "Container " + container.Name + " runs as " + f.unset + ", as neither it nor its pod sets " + f.name +
			", which baseline " + in.Baseline + " does not allow.",
	}
}

func inRanges(ranges []v1alpha1.IDRange, id int64) bool {
	for _, allowed := range ranges {
		if allowed.Min <= id && id <= allowed.Max {
			return true
		}
	}
	return false
}

// oneOfIDs puts the numbers that a baseline allows into words, in their order. Those below 0, which Pod Security admission
// lets pass, are none of a user or a group.
func oneOfIDs(ranges []v1alpha1.IDRange) string {
	sorted := slices.SortedFunc(slices.Values(ranges), func(a, b v1alpha1.IDRange) int {
		return cmp.Or(cmp.Compare(a.Min, b.Min), cmp.Compare(a.Max, b.Max))
	})
	words := make([]string, 0, len(sorted))
	for _, allowed := range slices.Compact(sorted) {
		if allowed.Max >= 0 {
			words = append(words, idsIn(allowed))
		}
	}
	return "one of: " + join(words)
}

func idsIn(allowed v1alpha1.IDRange) string {
	first, last := strconv.FormatInt(allowed.Min, 10), strconv.FormatInt(allowed.Max, 10)
	switch {
	case allowed.Max >= math.MaxInt32: // Kubernetes knows no greater number of a user or a group
		return first + " and above"
	case allowed.Min == allowed.Max:
		return first
	}
	return first + "-" + last
}
