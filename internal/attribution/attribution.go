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

// Of returns what changed one field of an object last. Of several fields ask LastChange, and Read the object once.
func (m Managers) Of(managed []metav1.ManagedFieldsEntry, path string, now time.Time) *v1alpha1.Change {
	return m.LastChange(Read(managed), path, now)
}

// LastChange returns what changed the field last: with confidence High the newest of the managers that own the field, else,
// where nobody does because it is missing, with confidence Low what may have taken it away. The path is that of a finding.
// LastChange returns nil when the managedFields tell nothing, and for a path that begins with networkpolicies: what stands in
// the NetworkPolicies around the object nobody changed in the object.
//
// managedFields keep no trace of who removed a field, and of an atomic list they know one owner of the whole. A change whose
// time lies ahead of now was made by somebody whose clock is wrong: which change is the newest is unsure then, and the
// confidence is Low.
func (m Managers) LastChange(fields *Fields, path string, now time.Time) *v1alpha1.Change {
	elements := parse(path)
	if len(fields.entries) == 0 || (len(elements) > 0 && last(elements[:1]) == "networkpolicies") {
		return nil
	}
	if owner := fields.owner(elements); owner >= 0 {
		confidence := v1alpha1.ConfidenceHigh
		if len(elements) == 0 || ahead(fields.entries[owner].Time, now) {
			confidence = v1alpha1.ConfidenceLow
		}
		return m.change(&fields.entries[owner], confidence)
	}
	return m.change(&fields.entries[fields.suspect(elements, now)], v1alpha1.ConfidenceLow)
}

// Creation returns what made the object, as far as that can be told: with confidence Low the oldest change that is known. Of a
// manager that changed the object again only its newest change is, and of one whose every field others set since, none.
func (m Managers) Creation(fields *Fields) *v1alpha1.Change {
	oldest := -1
	for i := range fields.entries {
		if e := &fields.entries[i]; e.Subresource == "" && e.Time != nil {
			oldest = i // the newest come first
		}
	}
	if oldest < 0 {
		return nil
	}
	return m.change(&fields.entries[oldest], v1alpha1.ConfidenceLow)
}

// fresh is how old the newest change to an object may be to be what made a finding appear. Objects are judged within a second
// of a change, and within minutes where the API server is in trouble.
const fresh = 5 * time.Minute

// suspect returns which change may have removed a field that nobody owns: the newest to the object where that is fresh, because
// whoever changed only what is around the field long ago cannot have removed it just now; else the newest to the nearest parent
// that somebody owns.
func (f *Fields) suspect(path fieldpath.Path, now time.Time) int {
	parent := 0 // all are owners of the whole
	for n := len(path) - 1; n > 0; n-- {
		if owner := f.owner(path[:n]); owner >= 0 {
			parent = owner
			break
		}
	}
	for i := range f.entries[:parent] {
		e := &f.entries[i]
		if e.Subresource != "" || e.Time == nil || ahead(e.Time, now) {
			continue // through a subresource nobody changes what is beside it
		}
		if now.Sub(e.Time.Time) <= fresh && newer(e.Time, f.entries[parent].Time) {
			return i
		}
		break
	}
	return parent
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
