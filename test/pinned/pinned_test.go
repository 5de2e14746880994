package pinned_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

const namespace = "default"

// What the repository has of objects as people write them.
var written = []string{"testdata", "../../config", "../../hack/demo", "../../internal/checks/testdata", "../../internal/manifest/testdata"}

// fewest is how many of them the server must take, so that the test does not pass for want of objects.
const fewest = 300

func TestWhatIsWrittenIsWhatTheServerMakesOfIt(t *testing.T) {
	c := onServer(t)
	taken, kinds := 0, map[string]int{}
	for _, root := range written {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			for _, obj := range objects(t, path) {
				if declarable(obj) && compareCreated(t, c, path, obj) {
					taken++
					kinds[obj.GetKind()]++
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Logf("the server took %d objects: %v", taken, kinds)
	if taken < fewest {
		t.Errorf("the server took %d objects, which is too few", taken)
	}
	for _, gvk := range pinned.Kinds() {
		if kinds[gvk.Kind] == 0 {
			t.Errorf("no %s was compared", gvk.Kind)
		}
	}
}

func declarable(obj *unstructured.Unstructured) bool {
	gvk := obj.GroupVersionKind()
	if owner, owned := workload.Owner(obj); owned && workload.Watched(workload.RefTo(owner, obj.GetNamespace())) {
		return false // its controller is to be declared
	}
	return gvk.Version != "" && obj.GetName() != "" && pinned.IsDeclarable(gvk.GroupKind())
}

// compareCreated has the server complete an object, which it does not keep, and compares. It is false for an object that
// the server refuses.
func compareCreated(t *testing.T, c client.Client, file string, obj *unstructured.Unstructured) bool {
	t.Helper()
	if namespaced, err := c.IsObjectNamespaced(obj); err != nil {
		return false
	} else if namespaced {
		obj.SetNamespace(namespace)
	}
	name := file + ": " + obj.GetKind() + " " + obj.GetName()
	declared, err := obj.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	live := obj.DeepCopy()
	if err := c.Create(t.Context(), live, client.DryRunAll, client.FieldValidation("Strict")); err != nil {
		return false
	}
	compare(t, name, declared, live)
	return true
}

// compare holds what was declared against the live object in all forms in which it is met: as read, and as caches hold it.
func compare(t *testing.T, name string, declared []byte, live *unstructured.Unstructured) {
	t.Helper()
	for _, match := range []pinned.Match{pinned.Exact, pinned.Contains} {
		pin, err := pinned.Compile(declared, pinned.Options{Match: match, ReportTightening: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		same(t, name, pin, live, live)
		typed := typed(t, live)
		same(t, name, pin, typed, live)
		trim(typed)
		same(t, name, pin, typed, live)
	}
}

func same(t *testing.T, name string, pin *pinned.Pin, obj runtime.Object, live *unstructured.Unstructured) {
	t.Helper()
	if found := pin.Differences(obj); found != nil {
		text, err := yaml.Marshal(live)
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s, as %T matched %s, has %+v:\n%s", name, obj, pin.Match, found, text)
	}
}

func typed(t *testing.T, live *unstructured.Unstructured) runtime.Object {
	t.Helper()
	obj, err := onServer(t).Scheme().New(live.GroupVersionKind())
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, obj); err != nil {
		t.Fatal(err)
	}
	return obj
}

// trim does what caches do.
func trim(obj runtime.Object) {
	workload.Trim(obj)
	rbac.Trim(obj)
	switch o := obj.(type) {
	case *networkingv1.NetworkPolicy:
		network.Trim(o)
	case *corev1.ServiceAccount:
		o.Secrets, o.ImagePullSecrets, o.Annotations = nil, nil, nil
	}
}

// What is in a cluster is as good a declaration as a file: so that a snapshot is never different from what it was made of.
func TestTheObjectsOfAFreshServerAreAsTheyDeclareThemselves(t *testing.T) {
	c := onServer(t)
	compared := 0
	for _, gvk := range pinned.Kinds() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk)
		if err := c.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			live := &list.Items[i]
			declared, err := live.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			compare(t, live.GetKind()+" "+live.GetName(), declared, live)
			compared++
		}
	}
	if compared < 100 {
		t.Errorf("only %d objects were there", compared)
	}
}
