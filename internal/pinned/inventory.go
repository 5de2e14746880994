package pinned

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/workload"
)

// Closed says of which objects nothing may exist that is not declared.
type Closed struct {
	// Kinds are the names of the kinds, such as ClusterRoleBinding. That of a policy engine is followed by its group, such as
	// ClusterPolicy.kyverno.io; those of Kubernetes may be.
	Kinds []string
	// Include and Exclude are patterns of the namespaces that objects are in, with *; of a Namespace, its own name. Exclude
	// wins, and without Include every namespace is meant. Objects that are in none are always meant.
	Include, Exclude []string
	// Ignore are the objects that may exist all the same.
	Ignore []Ignore
}

// Ignore says which objects an inventory leaves out: those for which all holds that is set.
type Ignore struct {
	// Name is a pattern of the name, with *.
	Name string
	// Selector chooses by labels. An empty one chooses every object.
	Selector *metav1.LabelSelector
	// OwnedByController means objects that a controller made.
	OwnedByController bool
}

// Inventory is a closed list of objects, ready to be asked by many workers at once.
type Inventory struct {
	kinds            map[schema.GroupKind]bool
	include, exclude []string
	ignore           []ignored
}

type ignored struct {
	name     string
	selector labels.Selector
	owned    bool
}

// CompileInventory makes a closed list ready. An error names the field: there are no kinds, one is unknown, a
// selector is wrong, or what is ignored says nothing, which would ignore everything.
func CompileInventory(closed Closed) (*Inventory, error) {
	inventory := &Inventory{kinds: map[schema.GroupKind]bool{}, include: closed.Include, exclude: closed.Exclude}
	if len(closed.Kinds) == 0 {
		return nil, errors.New("kinds is empty: name the kinds that are closed")
	}
	for _, name := range closed.Kinds {
		gk, err := closedKind(name)
		if err != nil {
			return nil, fmt.Errorf("kinds: %w", err)
		}
		inventory.kinds[gk] = true
	}
	for i, each := range closed.Ignore {
		if each == (Ignore{}) {
			return nil, fmt.Errorf("ignore[%d] says nothing: set name, selector or ownedByController", i)
		}
		selector := labels.Everything()
		if each.Selector != nil {
			var err error
			if selector, err = metav1.LabelSelectorAsSelector(each.Selector); err != nil {
				return nil, fmt.Errorf("ignore[%d].selector: %w", i, err)
			}
		}
		inventory.ignore = append(inventory.ignore, ignored{each.Name, selector, each.OwnedByController})
	}
	return inventory, nil
}

func closedKind(name string) (schema.GroupKind, error) {
	kindName, group, grouped := strings.Cut(name, ".")
	for i := range kinds {
		if kinds[i].Kind == kindName && (!grouped || kinds[i].Group == group) {
			return kinds[i].GroupKind(), nil
		}
	}
	gk := schema.GroupKind{Group: group, Kind: kindName}
	if grouped && kindName != "" && IsDeclarable(gk) {
		return gk, nil
	}
	return gk, fmt.Errorf("%s cannot be declared: write one of %s, or a kind of %s with its group, such as ClusterPolicy.kyverno.io",
		name, kindNames(), strings.Join(rawGroups, ", "))
}

// Covers says whether an object with these labels may only exist if it is declared. owned says that a controller made it.
func (i *Inventory) Covers(ref workload.Ref, own map[string]string, owned bool) bool {
	if !i.kinds[ref.GroupKind()] || !i.coversNamespace(workload.Home(ref)) {
		return false
	}
	for _, each := range i.ignore {
		if (each.name == "" || glob.Match(each.name, ref.Name)) && (!each.owned || owned) && each.selector.Matches(labels.Set(own)) {
			return false
		}
	}
	return true
}

func (i *Inventory) coversNamespace(name string) bool {
	if name == "" {
		return true
	}
	return !glob.MatchAny(i.exclude, name) && (len(i.include) == 0 || glob.MatchAny(i.include, name))
}

// Kinds returns the kinds that are closed, in no order.
func (i *Inventory) Kinds() []schema.GroupKind {
	all := make([]schema.GroupKind, 0, len(i.kinds))
	for gk := range i.kinds {
		all = append(all, gk)
	}
	return all
}
