package snapshot_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/snapshot"
)

const rounds = 40

func TestAnythingIsAsItIsWritten(t *testing.T) {
	for _, gvk := range snapshot.DefaultKinds() {
		t.Run(gvk.Kind, func(t *testing.T) {
			t.Parallel()
			s := newSnapshot(t, snapshot.Options{Inventory: true})
			g := newGenerator(1)
			var all []runtime.Object
			for range rounds {
				obj := g.object(gvk)
				all = append(all, obj)
				add(t, s, obj.DeepCopyObject())
			}
			hold(t, s, all, rounds*9/10)
		})
	}
}

// hold makes sure that a snapshot finds nothing on what it was made of, and declares at least some of it.
func hold(t *testing.T, s *snapshot.Snapshot, all []runtime.Object, least int) {
	t.Helper()
	written, declared := documents(t, s), 0
	for _, obj := range all {
		times, found := declares(written, obj, refOf(t, obj))
		if times > 1 {
			t.Errorf("%s is declared %d times", refOf(t, obj), times)
		}
		for _, each := range found {
			t.Error(each)
		}
		declared += times
	}
	if declared < least {
		t.Errorf("%d of %d objects are declared: %q", declared, len(all), s.Notes())
	}
}

// What the repository has of objects as people write them.
var folders = []string{"../../config", "../../hack/demo", "../checks/testdata", "../manifest/testdata"}

func TestWhatPeopleWriteIsAsItIsWritten(t *testing.T) {
	held := 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			s := newSnapshot(t, snapshot.Options{Inventory: true})
			objects := objectsOf(t, path)
			wrong := slices.ContainsFunc(objects, func(obj runtime.Object) bool { // some are so on purpose
				return s.Add(gvkOf(t, obj), obj.DeepCopyObject()) != nil
			})
			if len(objects) > 0 && !wrong {
				hold(t, s, objects, 0)
				held += len(objects)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if held < 300 {
		t.Errorf("only %d objects were held", held)
	}
}

// objectsOf returns the objects of a file that are of kinds that are written down, each once, in a namespace.
func objectsOf(t *testing.T, path string) []runtime.Object {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var all []runtime.Object
	for text := range strings.SplitSeq(string(data), "\n---\n") {
		var named metav1.PartialObjectMetadata
		if yaml.Unmarshal([]byte(text), &named) != nil || named.Name == "" ||
			!slices.Contains(snapshot.DefaultKinds(), named.GroupVersionKind()) {
			continue
		}
		obj, err := scheme.New(named.GroupVersionKind())
		if err != nil || yaml.UnmarshalStrict([]byte(text), obj) != nil {
			continue
		}
		if meta, is := obj.(metav1.Object); is && meta.GetNamespace() == "" {
			meta.SetNamespace("default")
		}
		if key := refOf(t, obj).String(); !seen[key] {
			seen[key] = true
			all = append(all, obj)
		}
	}
	return all
}
