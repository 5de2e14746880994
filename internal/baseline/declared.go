package baseline

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// compileDeclared makes ready the objects that a baseline declares. All that is wrong is told, each with its place.
func compileDeclared(declared []v1alpha1.DeclaredObject) (map[workload.Ref]*pinned.Pin, []error) {
	pins := make(map[workload.Ref]*pinned.Pin, len(declared))
	var wrong []error
	for i := range declared {
		pin, err := pinned.Compile(declared[i].Object.Raw, pinned.Options{
			Match: pinned.Match(declared[i].Match), ReportTightening: declared[i].OnTightening == v1alpha1.TighteningReported,
		})
		if err == nil && pins[pin.Ref] != nil {
			err = fmt.Errorf("%s is declared twice; keep one of the two", pin.Ref)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("[%d].object: %w", i, err))
			continue
		}
		pins[pin.Ref] = pin
	}
	return pins, wrong
}

// compileInventory makes closed lists ready.
func compileInventory(declared []v1alpha1.Inventory) ([]*pinned.Inventory, []error) {
	var closed []*pinned.Inventory
	var wrong []error
	for i := range declared {
		one := pinned.Closed{
			Kinds: strs(declared[i].Kinds), Include: strs(declared[i].Namespaces.Include), Exclude: strs(declared[i].Namespaces.Exclude),
		}
		for _, ignored := range declared[i].Ignore {
			one.Ignore = append(one.Ignore, pinned.Ignore{
				Name: ignored.Name, Selector: ignored.Selector, OwnedByController: ignored.Owned != nil && *ignored.Owned,
			})
		}
		list, err := pinned.CompileInventory(one)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("[%d]: %w", i, err))
			continue
		}
		closed = append(closed, list)
	}
	return closed, wrong
}

func strs[S ~string](texts []S) []string {
	plain := make([]string, len(texts))
	for i := range texts {
		plain[i] = string(texts[i])
	}
	return plain
}

// Pin returns how the baseline declares an object; nil when it does not.
func (b *Baseline) Pin(ref workload.Ref) *pinned.Pin { return b.pins[ref] }

// Declares returns every object that the baseline declares.
func (b *Baseline) Declares() []workload.Ref { return slices.Collect(maps.Keys(b.pins)) }

// closed says whether an object may only exist if it is declared.
func (b *Baseline) closed(ref workload.Ref, labels map[string]string, owned bool) bool {
	return slices.ContainsFunc(b.inventories, func(list *pinned.Inventory) bool { return list.Covers(ref, labels, owned) })
}

// closesKind says whether there is a closed list of a kind.
func (b *Baseline) closesKind(gk schema.GroupKind) bool {
	return slices.ContainsFunc(b.inventories, func(list *pinned.Inventory) bool { return slices.Contains(list.Kinds(), gk) })
}

// Closes says whether there is a closed list of a kind of the class.
func (b *Baseline) Closes(class workload.Class) bool {
	return slices.ContainsFunc(b.inventories, func(list *pinned.Inventory) bool {
		return slices.ContainsFunc(list.Kinds(), func(gk schema.GroupKind) bool {
			of, known := workload.ClassOf(gk)
			return known && of == class
		})
	})
}

// Names says whether the baseline declares an object of a kind of this name, or closes the list of it.
func (b *Baseline) Names(kind string) bool {
	for ref := range b.pins {
		if ref.Kind == kind {
			return true
		}
	}
	return slices.ContainsFunc(b.inventories, func(list *pinned.Inventory) bool {
		return slices.ContainsFunc(list.Kinds(), func(gk schema.GroupKind) bool { return gk.Kind == kind })
	})
}
