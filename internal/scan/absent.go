package scan

import (
	"context"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/workload"
)

// pinnedBy returns what baselines declare, each once, in order.
func pinnedBy(set *baseline.Set) []workload.Ref {
	var refs []workload.Ref
	for _, b := range set.All() {
		refs = append(refs, b.Declares()...)
	}
	slices.SortFunc(refs, func(a, b workload.Ref) int { return strings.Compare(a.String()+a.Group, b.String()+b.Group) })
	return slices.Compact(refs)
}

// absentees returns what baselines declare and what was not given, in order.
func absentees(set *baseline.Set, given map[workload.Ref][]int) []aim {
	var aims []aim
	for _, ref := range pinnedBy(set) {
		if len(given[ref]) == 0 {
			aims = append(aims, aim{ref: ref})
		}
	}
	return aims
}

// absent returns a declared object that was not given as a target: it is missing where all is seen of what it would be in, and
// elsewhere nobody can tell.
func (l *layer) absent(ctx context.Context, set *baseline.Set, ref workload.Ref) (*facts.Target, error) {
	return l.unseen(ctx, set, ref, l.whyUnseen(ref))
}

// unseen returns a declared object that was not read as a target. It is missing, unless there is a reason why nobody can tell.
func (l *layer) unseen(ctx context.Context, set *baseline.Set, ref workload.Ref, why string) (*facts.Target, error) {
	target, _, err := l.cluster.Absent(ctx, ref, v1alpha1.TargetReference{
		APIVersion: set.Declares(ref).APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name,
	})
	if target != nil && why != "" {
		target.Object.Other.Unreadable = map[engine.Need]string{engine.NeedLive: why}
	}
	return target, err
}

// whyUnseen says why an object of this identity would not have been seen; empty where it would have been.
func (l *layer) whyUnseen(ref workload.Ref) string {
	switch {
	case l.refused[ref] != "":
		return l.refused[ref]
	case !l.readable(ref.GroupKind()):
		return l.denied[ref.GroupKind()]
	case !l.sees(workload.Home(ref)), !l.live && isDefaultAccount(ref):
		return "it is not among what was given"
	}
	return ""
}

// otherVersion says that a file has an object in another version than the one in which it is declared; empty where it has not. An
// API server would convert the one to the other.
func otherVersion(set *baseline.Set, a *aim) string {
	raw, is := a.object.object.(*unstructured.Unstructured)
	if !is {
		return ""
	}
	if pin := set.Declares(a.ref); pin != nil && pin.APIVersion != raw.GetAPIVersion() {
		return "it is given in " + raw.GetAPIVersion() + ", and declared in " + pin.APIVersion
	}
	return ""
}
