package attribution

import (
	"path"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// maxDecoded bounds, in bytes, what is decoded of one object's managedFields, of which anybody who may change the object can
// make a megabyte. What is older than that is as if it owned nothing.
const maxDecoded = 256 << 10

// Fields are the managedFields of an object, decoded, so that many findings can ask them.
type Fields struct {
	// entries are all but those that changed the status only, the newest first, and sets what they own. Where a set is nil,
	// its entry was not or cannot be decoded.
	entries []metav1.ManagedFieldsEntry
	sets    []*fieldpath.Set
}

// Read decodes the managedFields of an object.
func Read(managed []metav1.ManagedFieldsEntry) *Fields {
	f := &Fields{}
	for i := range managed {
		if managed[i].Subresource != "status" {
			f.entries = append(f.entries, managed[i])
		}
	}
	slices.SortStableFunc(f.entries, func(a, b metav1.ManagedFieldsEntry) int {
		switch {
		case newer(a.Time, b.Time):
			return -1
		case newer(b.Time, a.Time):
			return 1
		}
		return 0
	})
	f.decode()
	return f
}

// decode decodes the newest entries. It stops at the first that is too much, because of what is older nobody could tell any
// more whether it was changed again since.
func (f *Fields) decode() {
	f.sets = make([]*fieldpath.Set, len(f.entries))
	left := maxDecoded
	for i := range f.entries {
		fields := f.entries[i].FieldsV1
		if fields == nil {
			continue
		}
		if left -= len(fields.GetRawString()); left < 0 {
			return
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(fields.GetRawReader()); err == nil {
			f.sets[i] = set
		}
	}
}

// owner returns the newest of the entries that own a field; -1 when nobody does.
func (f *Fields) owner(path fieldpath.Path) int {
	return slices.IndexFunc(f.sets, func(set *fieldpath.Set) bool { return set != nil && owns(set, path) })
}

// owns says whether the set holds the field or anything below it, or, as a whole, a list that it is an item of. Every set owns
// the empty path.
func owns(set *fieldpath.Set, path fieldpath.Path) bool {
	for i, element := range path {
		element = spelled(set, element)
		below := set.WithPrefix(element)
		if set.Members.Has(element) && (i == len(path)-1 || (below.Empty() && path[i+1].FieldName == nil)) {
			return true
		}
		set = below
	}
	return len(path) == 0 || !set.Empty()
}

// mountPath is the key of the mounts of a container.
const mountPath = "mountPath"

// spelled returns the item of a list as the set has it: findings name mounts by their path without slashes that lead nowhere.
func spelled(set *fieldpath.Set, element fieldpath.PathElement) fieldpath.PathElement {
	mount, is := mountOf(element)
	if !is {
		return element
	}
	same := func(other fieldpath.PathElement) bool {
		of, is := mountOf(other)
		return is && path.Clean(of) == path.Clean(mount)
	}
	for other := range set.Members.All() {
		if same(other) {
			return other
		}
	}
	for other := range set.Children.All() {
		if same(other) {
			return other
		}
	}
	return element
}

// mountOf returns the path of a mount; false for what is none.
func mountOf(element fieldpath.PathElement) (string, bool) {
	if element.Key == nil || len(*element.Key) != 1 || (*element.Key)[0].Name != mountPath || !(*element.Key)[0].Value.IsString() {
		return "", false
	}
	return (*element.Key)[0].Value.AsString(), true
}
