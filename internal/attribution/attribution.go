// Package attribution says what changed a field last, as far as an object's managedFields tell. It is pure.
//
// managedFields name a field manager, which is a name that clients give themselves: a hint, not a proof.
package attribution

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Of returns what changed the field last: with confidence High the newest of the managers that own the field, else,
// where nobody does because it is missing, with confidence Low the manager of the newest change to the nearest parent
// that somebody owns. The path is that of a finding. Of returns nil when the managedFields tell nothing, and for a path
// that begins with networkpolicies: what stands in the NetworkPolicies around the object nobody changed in the object.
//
// managedFields keep no trace of who removed a field, and of an atomic list they know one owner of the whole. A change whose
// time lies ahead of now was made by somebody whose clock is wrong: which change is the newest is unsure then, and the
// confidence is Low.
func (m Managers) Of(managed []metav1.ManagedFieldsEntry, path string, now time.Time) *v1alpha1.Change {
	elements := parse(path)
	if len(elements) > 0 && last(elements[:1]) == "networkpolicies" {
		return nil
	}
	sets := decode(managed)
	for n := len(elements); n >= 0; n-- {
		newest := newestOwner(managed, sets, elements[:n])
		if newest < 0 {
			continue
		}
		confidence := v1alpha1.ConfidenceLow
		if n == len(elements) && !ahead(managed[newest].Time, now) {
			confidence = v1alpha1.ConfidenceHigh
		}
		return m.change(&managed[newest], confidence)
	}
	return nil
}

// newestOwner returns which of the managers that own a field changed the object last; -1 when nobody owns it.
func newestOwner(managed []metav1.ManagedFieldsEntry, sets []*fieldpath.Set, path fieldpath.Path) int {
	newest := -1
	for i := range managed {
		if sets[i] != nil && owns(sets[i], path) && (newest < 0 || newer(managed[i].Time, managed[newest].Time)) {
			newest = i
		}
	}
	return newest
}

// decode reads the fields of each manager; nil for those that cannot be read or that changed a subresource only, such
// as the status.
func decode(managed []metav1.ManagedFieldsEntry) []*fieldpath.Set {
	sets := make([]*fieldpath.Set, len(managed))
	for i := range managed {
		if managed[i].FieldsV1 == nil || managed[i].Subresource == "status" {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(managed[i].FieldsV1.GetRawReader()); err == nil {
			sets[i] = set
		}
	}
	return sets
}

// owns says whether the set holds the field or anything below it. Every set owns the empty path.
func owns(set *fieldpath.Set, path fieldpath.Path) bool {
	for i, element := range path {
		if i == len(path)-1 && set.Members.Has(element) {
			return true
		}
		set = set.WithPrefix(element)
	}
	return len(path) == 0 || !set.Empty()
}

func newer(a, b *metav1.Time) bool {
	return a != nil && (b == nil || a.After(b.Time))
}

// tolerance is how far the clock of an API server may be ahead of ours.
const tolerance = time.Minute

// ahead says whether a time lies in the future.
func ahead(t *metav1.Time, now time.Time) bool {
	return t != nil && t.After(now.Add(tolerance))
}

func (m Managers) change(entry *metav1.ManagedFieldsEntry, confidence v1alpha1.Confidence) *v1alpha1.Change {
	return &v1alpha1.Change{
		Manager:     entry.Manager,
		Operation:   entry.Operation,
		Subresource: entry.Subresource,
		Time:        entry.Time,
		Class:       m.ClassOf(entry.Manager),
		Confidence:  confidence,
	}
}
