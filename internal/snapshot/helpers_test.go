package snapshot_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/snapshot"
	"plumbline.dev/plumbline/internal/workload"
)

func newSnapshot(t testing.TB, o snapshot.Options) *snapshot.Snapshot {
	t.Helper()
	if o.Name == "" {
		o.Name = "test"
	}
	if o.Kinds == nil {
		o.Kinds = snapshot.DefaultKinds()
	}
	s, err := snapshot.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// object returns an object of YAML as its Go type.
func object(t testing.TB, text string) runtime.Object {
	t.Helper()
	var typed metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(text), &typed); err != nil {
		t.Fatal(err)
	}
	obj, err := scheme.New(typed.GroupVersionKind())
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict([]byte(text), obj); err != nil {
		t.Fatal(err)
	}
	return obj
}

func add(t testing.TB, s *snapshot.Snapshot, objects ...runtime.Object) {
	t.Helper()
	for _, obj := range objects {
		if err := s.Add(gvkOf(t, obj), obj); err != nil {
			t.Fatal(err)
		}
	}
}

func gvkOf(t testing.TB, obj runtime.Object) schema.GroupVersionKind {
	t.Helper()
	gvks, _, err := scheme.ObjectKinds(obj)
	if err != nil {
		t.Fatal(err)
	}
	return gvks[0]
}

func refOf(t testing.TB, obj runtime.Object) workload.Ref {
	t.Helper()
	gvk := gvkOf(t, obj)
	ref := workload.Ref{Group: gvk.Group, Kind: gvk.Kind}
	if meta, is := obj.(metav1.Object); is {
		ref.Name = meta.GetName()
		if !snapshot.ClusterScoped(gvk.GroupKind()) {
			ref.Namespace = meta.GetNamespace()
		}
	}
	return ref
}

// document is a baseline that was written.
type document struct {
	text     string
	baseline *v1alpha1.SecurityBaseline
	compiled *baseline.Baseline
	closed   []*pinned.Inventory
}

// documents returns what is written, read again.
func documents(t testing.TB, s *snapshot.Snapshot) []*document {
	t.Helper()
	var all []*document
	for written, err := range s.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		one := &document{text: string(written.Text), baseline: &v1alpha1.SecurityBaseline{}}
		if err := yaml.UnmarshalStrict(written.Text, one.baseline); err != nil {
			t.Fatalf("%v in %s", err, written.Text)
		}
		if one.baseline.Name != written.Name {
			t.Errorf("%s is called %s", one.baseline.Name, written.Name)
		}
		one.compiled = baseline.Compile(one.baseline, nil)
		if one.compiled.Frozen != "" {
			t.Fatalf("%s: %s", written.Name, one.compiled.Frozen)
		}
		for i := range one.baseline.Spec.Inventory {
			one.closed = append(one.closed, compileInventory(t, &one.baseline.Spec.Inventory[i]))
		}
		all = append(all, one)
	}
	return all
}

func compileInventory(t testing.TB, list *v1alpha1.Inventory) *pinned.Inventory {
	t.Helper()
	closed := pinned.Closed{Include: strs(list.Namespaces.Include), Exclude: strs(list.Namespaces.Exclude), Kinds: strs(list.Kinds)}
	for _, each := range list.Ignore {
		closed.Ignore = append(closed.Ignore, pinned.Ignore{Name: each.Name, OwnedByController: each.Owned != nil && *each.Owned})
	}
	inventory, err := pinned.CompileInventory(closed)
	if err != nil {
		t.Fatal(err)
	}
	return inventory
}

func strs[S ~string](texts []S) []string {
	var plain []string
	for _, text := range texts {
		plain = append(plain, string(text))
	}
	return plain
}

// declares returns how many of the baselines declare an object, and reports what they find on it.
func declares(all []*document, obj runtime.Object, ref workload.Ref) (times int, found []string) {
	meta, _ := obj.(metav1.Object)
	for _, one := range all {
		if pin := one.compiled.Pin(ref); pin != nil {
			times++
			for _, difference := range pin.Differences(obj) {
				found = append(found, one.baseline.Name+": "+ref.String()+" differs at "+difference.Path)
			}
			continue
		}
		if one.compiled.Covers(ref, meta.GetLabels(), baseline.Namespace{}) != baseline.Covered {
			continue
		}
		for _, list := range one.closed {
			if list.Covers(ref, meta.GetLabels(), metav1.GetControllerOfNoCopy(meta) != nil) {
				found = append(found, one.baseline.Name+": "+ref.String()+" is not declared")
			}
		}
	}
	return times, found
}
