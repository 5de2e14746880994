package pinned

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// compiler is what the kinds need to make an object ready.
type compiler struct {
	kind  *kind
	match Match
	tree  map[string]any
	text  []byte
	err   error
}

// Compile reads a declared object, as JSON. It keeps a copy of the text.
//
// An error names the object and the field, and says what to do: the object is of a kind that cannot be declared or of a
// version that is not served, has no name or, in a kind that is in namespaces, no namespace, has a field that is unknown,
// stands twice or is of a wrong type, or one that the API server would refuse where that keeps the object from being
// compared; or a watched kind controls it, so that its controller is to be declared.
func Compile(raw []byte, o Options) (*Pin, error) {
	if o.Match == "" {
		o.Match = Exact
	}
	if o.Match != Exact && o.Match != Contains {
		return nil, fmt.Errorf("match is %q: write Exact or Contains", o.Match)
	}
	tree, err := treeOf(raw)
	if err != nil {
		return nil, err
	}
	k, err := kindOf(tree)
	if err != nil {
		return nil, err
	}
	ref, err := refOf(tree, k)
	if err != nil {
		return nil, err
	}
	obj, tree, err := k.read(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	c := &compiler{kind: k, match: o.Match, tree: tree, text: compact(raw)}
	compare := k.compile(obj, c)
	if c.err != nil {
		return nil, fmt.Errorf("%s: %w", ref, c.err)
	}
	return &Pin{Ref: ref, APIVersion: k.GroupVersion().String(), Options: o, compare: checked(k, compare)}, nil
}

// read reads a declared object, and takes out of it what caches do not keep of the live one.
func (k *kind) read(raw []byte) (runtime.Object, map[string]any, error) {
	tree, err := treeOf(raw)
	if err != nil {
		return nil, nil, err
	}
	obj := k.empty()
	if err := decode(raw, tree, obj); err != nil {
		return nil, nil, err
	}
	if meta, ok := obj.(metav1.Object); ok && k.clusterScoped {
		meta.SetNamespace("") // files may give it one
	}
	if err := refuse(obj); err != nil {
		return nil, nil, err
	}
	trim(obj)
	return obj, tree, nil
}

// compact returns a copy of the text without spaces.
func compact(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil { // it has been read before
		return bytes.Clone(raw)
	}
	return bytes.Clone(b.Bytes())
}

// kindOf returns the kind of a declared object.
func kindOf(tree map[string]any) (*kind, error) {
	version, _ := tree["apiVersion"].(string)
	name, _ := tree["kind"].(string)
	if version == "" || name == "" {
		return nil, errors.New("the object has no apiVersion and kind: add both, such as apiVersion: apps/v1, kind: Deployment")
	}
	gv, err := schema.ParseGroupVersion(version)
	if err != nil {
		return nil, fmt.Errorf("apiVersion %q is none: write it as group/version, or as v1", version)
	}
	if slices.Contains(rawGroups, gv.Group) && gv.Version != "" {
		k := rawKind(gv.WithKind(name))
		return &k, nil
	}
	for i := range kinds {
		if kinds[i].GroupVersionKind == gv.WithKind(name) {
			return &kinds[i], nil
		}
	}
	return nil, notDeclarable(gv, name)
}

func notDeclarable(gv schema.GroupVersion, name string) error {
	const former = "extensions" // the group of many kinds, before they had their own
	for i := range kinds {
		if k := &kinds[i]; k.Kind == name && (k.Group == gv.Group || gv.Group == former) {
			return fmt.Errorf("apiVersion %s of kind %s is not served: write %s", gv, name, k.GroupVersion())
		}
	}
	return fmt.Errorf("kind %s of %s cannot be declared: declare one of %s, or any kind of %s",
		name, gv, kindNames(), strings.Join(rawGroups, ", "))
}

func kindNames() string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].Kind
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// refOf returns what names a declared object.
func refOf(tree map[string]any, k *kind) (workload.Ref, error) {
	meta, _ := tree["metadata"].(map[string]any)
	ref := workload.Ref{Group: k.Group, Kind: k.Kind}
	ref.Name, _ = meta["name"].(string)
	if ref.Name == "" {
		return ref, fmt.Errorf("the %s has no metadata.name: name the one object that is declared", k.Kind)
	}
	if k.clusterScoped {
		return ref, nil
	}
	ref.Namespace, _ = meta["namespace"].(string)
	if ref.Namespace == "" {
		return ref, fmt.Errorf("%s has no metadata.namespace: add the namespace that it is declared in", ref)
	}
	return ref, nil
}

// refuse says what keeps a declared object from being compared.
func refuse(obj runtime.Object) error {
	if policy, ok := obj.(*networkingv1.NetworkPolicy); ok {
		_, err := network.Compile(policy)
		return err
	}
	w, ok := workload.Of(obj)
	if !ok {
		return nil
	}
	if workload.Trimmed(w) {
		owner, _ := workload.Owner(w.Meta)
		return fmt.Errorf("%s says that %s controls it: declare that instead", ownersPath, workload.RefTo(owner, w.Namespace))
	}
	if beyond := w.Unjudged(); beyond > 0 {
		return fmt.Errorf("%s has %d containers more than are judged: declare at most %d", w.Path("containers"), beyond, workload.MaxContainers)
	}
	for c := range w.Containers() {
		if c.Name == "" {
			return fmt.Errorf("%s: a container has no name: add it, because containers are compared by name", w.Path(c.List))
		}
	}
	return nil
}

// trim takes out of a declared object what caches do not keep of the live one.
func trim(obj runtime.Object) {
	if policy, ok := obj.(*networkingv1.NetworkPolicy); ok {
		network.Trim(policy)
	}
	rbac.Trim(obj)
	workload.Trim(obj)
}

// written says whether a field is written in the declared object.
func (c *compiler) written(path string) bool {
	var at any = c.tree
	for field := range strings.SplitSeq(path, ".") {
		object, ok := at.(map[string]any)
		if !ok {
			return false
		}
		at = object[field]
	}
	return at != nil
}

// byFacts returns how objects are compared whose facts are read. While an object is as declared, its facts are not held
// against others: the sum of those that were declared tells. Only the text of these is kept, and read again when it
// does not.
func (c *compiler) byFacts(declared runtime.Object, read func(runtime.Object, *facts)) compiled {
	mine := &facts{written: c.written}
	read(declared, mine)
	c.twice(mine.list)
	sum, text := mine.sum(), declaration{kind: c.kind, match: c.match, text: c.text}
	return func(live runtime.Object) []Difference {
		its := &facts{written: writtenAnywhere}
		read(live, its)
		if its.sum() == sum {
			return nil
		}
		return text.differences(newIndex(its.list), read)
	}
}

// declaration is the text of a declared object.
type declaration struct {
	kind  *kind
	match Match
	text  []byte
}

func (d *declaration) differences(live *index, read func(runtime.Object, *facts)) []Difference {
	obj, tree, err := d.kind.read(d.text)
	if err != nil { // it has been read before
		return []Difference{{Value: unreadable, Expected: asDeclared, Actual: err.Error(), Loosening: true}}
	}
	mine := &facts{written: (&compiler{tree: tree}).written}
	read(obj, mine)
	return differences(newIndex(mine.list), live, d.match)
}

// twice refuses an object that says two things of one field, such as two containers of one name.
func (c *compiler) twice(list []fact) {
	seen := make(map[key]bool, len(list))
	for i := range list {
		f := &list[i]
		if f.member == "" && seen[f.key] && c.err == nil {
			c.err = fmt.Errorf("%s stands twice: remove one", f.path)
		}
		seen[f.key] = true
	}
}

// checked makes sure that an object is compared as the type that was declared.
func checked(k *kind, compare compiled) compiled {
	return func(live runtime.Object) []Difference {
		obj, ok := k.typed(live)
		if !ok {
			return []Difference{{
				Path: "kind", Value: unreadable, Expected: k.GroupVersion().String() + " " + k.Kind, Actual: "an object of another type", Loosening: true,
			}}
		}
		return compare(obj)
	}
}
