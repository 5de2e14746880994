package baseline

import (
	"slices"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// Set is all baselines of a cluster at one moment, by name. Nobody changes it: a change makes a new one.
type Set struct {
	baselines []*Baseline
}

// Update returns the set that the SecurityBaselines make; checks are all that there are. Baselines whose generation has not changed are taken from
// the old set; if all are, so is the set itself, so that a changed set is a different pointer.
func (s *Set) Update(items []v1alpha1.SecurityBaseline, checks []engine.Check) *Set {
	next := &Set{baselines: make([]*Baseline, 0, len(items))}
	changed := s == nil || len(s.baselines) != len(items)
	for i := range items {
		if old := s.Get(items[i].Name); old != nil && old.UID == items[i].UID && old.Generation == items[i].Generation {
			next.baselines = append(next.baselines, old)
			continue
		}
		changed = true
		next.baselines = append(next.baselines, Compile(&items[i], checks))
	}
	if !changed {
		return s
	}
	slices.SortFunc(next.baselines, func(a, b *Baseline) int { return strings.Compare(a.Name, b.Name) })
	return next
}

// Get returns the baseline of the name, or nil.
func (s *Set) Get(name string) *Baseline {
	for _, b := range s.All() {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// All returns the baselines in the order of their names. The slice must not be changed.
func (s *Set) All() []*Baseline {
	if s == nil {
		return nil
	}
	return s.baselines
}

// Needs says whether a check that a baseline declares looks at a fact.
func (s *Set) Needs(need engine.Need) bool {
	return slices.ContainsFunc(s.All(), func(b *Baseline) bool { return b.Needs(need) })
}

// Judges says whether a baseline declares anything for objects of a class.
func (s *Set) Judges(class workload.Class) bool {
	return slices.ContainsFunc(s.All(), func(b *Baseline) bool { return b.Judges(class) })
}

// Declares returns how the first baseline that declares an object does; nil when none does.
func (s *Set) Declares(ref workload.Ref) *pinned.Pin {
	for _, b := range s.All() {
		if pin := b.Pin(ref); pin != nil {
			return pin
		}
	}
	return nil
}

// Names says whether a baseline declares an object, or closes the list of its kind.
func (s *Set) Names(ref workload.Ref) bool {
	return slices.ContainsFunc(s.All(), func(b *Baseline) bool { return b.Pin(ref) != nil || b.closesKind(ref.GroupKind()) })
}
