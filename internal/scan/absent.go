package scan

import (
	"context"
	"slices"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/workload"
)

// absentees returns what baselines declare and what was not given, in order.
func absentees(set *baseline.Set, given map[workload.Ref][]int) []aim {
	var refs []workload.Ref
	for _, b := range set.All() {
		for _, ref := range b.Declares() {
			if len(given[ref]) == 0 {
				refs = append(refs, ref)
			}
		}
	}
	slices.SortFunc(refs, func(a, b workload.Ref) int { return strings.Compare(a.String()+a.Group, b.String()+b.Group) })
	aims := make([]aim, 0, len(refs))
	for _, ref := range slices.Compact(refs) {
		aims = append(aims, aim{ref: ref})
	}
	return aims
}

// absent returns a declared object that was not given as a target: it is missing where all is seen of what it would be in, and
// elsewhere nobody can tell.
func (l *layer) absent(ctx context.Context, set *baseline.Set, ref workload.Ref) (*facts.Target, error) {
	target, _, err := l.cluster.Absent(ctx, ref, v1alpha1.TargetReference{
		APIVersion: set.Declares(ref).APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name,
	})
	if target != nil && !l.seesAll(ref) {
		target.Object.Other.Unreadable = map[engine.Need]string{engine.NeedLive: "it is not among what was given"}
	}
	return target, err
}

// seesAll says whether an object of this identity would have been seen.
func (l *layer) seesAll(ref workload.Ref) bool {
	if class, _ := workload.ClassOf(ref.GroupKind()); l.live && (class == 0 || class == workload.Guardrails || !l.readable(ref.GroupKind())) {
		return false // kinds that are not listed are not seen
	}
	home := workload.Home(ref)
	return (l.live && l.whole) || (home != "" && l.namespaces[home])
}
