// Package pinned compares objects with how a baseline declares them. Both are brought into the normal form in which an API
// server would store them, so that defaults, the order of lists that are sets and the spelling of quantities make no
// difference; what is compared is what the rest of Plumbline judges, and what caches hold.
package pinned

import (
	"cmp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

// Match says how much of an object has to be as it is declared.
type Match string

const (
	// Exact means that what is judged of the object is as declared: what is not declared has its default.
	Exact Match = "Exact"
	// Contains means that what is declared is there: fields that are absent in the declared object are free, and of lists
	// each declared item has to be there. What a container inherits from its pod is free too, where only the pod sets it.
	Contains Match = "Contains"
)

// Options say how a declared object is compared. The zero value is Exact, and reports only what makes an object weaker.
type Options struct {
	// Match is Exact where it is empty.
	Match Match
	// ReportTightening also returns differences that make the object stricter than declared.
	ReportTightening bool
}

// Pin is a declared object, ready to be compared by many workers at once. Nobody changes it.
type Pin struct {
	// Ref names the object.
	Ref workload.Ref
	// APIVersion is the group and version it is declared in.
	APIVersion string
	Options

	compare compiled
}

// Difference is one way in which an object is not as declared.
type Difference struct {
	// Container is the name of the container; empty for what belongs to none.
	Container string
	// Path is the field, such as "spec.template.spec.containers[app].securityContext.privileged": containers and other
	// items by name, never by index. It is empty where the difference belongs to the whole object.
	Path string
	// Value is short and tells the difference from others at the same path: what is not declared, or what is missing.
	Value string
	// Expected is what is declared, and Actual what there is instead.
	Expected, Actual string
	// Loosening says that the object is weaker than declared, or that nobody can tell. It is false for what only makes it
	// stricter.
	Loosening bool
}

// MaxDifferences is how many differences of an object are returned; one more stands for all others.
const MaxDifferences = 64

// Words of differences.
const (
	none       = "none"
	missing    = "missing"
	more       = "more" // stands for differences that are not shown
	unset      = "unset"
	unreadable = "unreadable"
	asDeclared = "as declared"
)

// Differences returns how an object that was read from the cluster is not as declared; nil where it is. They are sorted
// by container, path and value. The object may be trimmed, as caches hold it, and is not changed. Of one that is of
// another type than declared, and of none at all, nothing is as declared.
func (p *Pin) Differences(live runtime.Object) []Difference {
	if live == nil {
		return []Difference{p.Missing()}
	}
	found := p.compare(live)
	if !p.ReportTightening {
		found = slices.DeleteFunc(found, func(d Difference) bool { return !d.Loosening })
	}
	if len(found) == 0 {
		return nil
	}
	return bounded(found)
}

// Missing returns the difference of an object that is not there. It is always one that counts: nobody can tell what was
// protected by it.
func (p *Pin) Missing() Difference {
	return Difference{Path: "metadata.name", Value: missing, Expected: p.Ref.String(), Actual: none, Loosening: true}
}

// bounded sorts differences and keeps the first of them, those that loosen before others.
func bounded(found []Difference) []Difference {
	rest := 0
	if len(found) > MaxDifferences {
		slices.SortFunc(found, func(a, b Difference) int {
			return cmp.Or(compareBool(b.Loosening, a.Loosening), inOrder(a, b))
		})
		rest = len(found) - MaxDifferences
	}
	shown, hidden := found[:len(found)-rest], found[len(found)-rest:]
	slices.SortFunc(shown, inOrder)
	if rest == 0 {
		return shown
	}
	// What stands for the others is weak if any of them is: they follow what loosens.
	return append(slices.Clone(shown), Difference{
		Value: more, Expected: asDeclared, Actual: strconv.Itoa(rest) + " more differences", Loosening: hidden[0].Loosening,
	})
}

func inOrder(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Value, b.Value))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
