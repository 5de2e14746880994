package v1alpha1_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What the docs show is what people copy.
func TestTheObjectsInTheDocsAreAccepted(t *testing.T) {
	c := newClient(t)
	files, err := filepath.Glob("../../docs/spec/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range append(files, "../../README.md") {
		for _, text := range objectsIn(t, file) {
			count++
			obj := object(t, text)
			t.Run(filepath.Base(file)+"/"+obj.GetKind(), func(t *testing.T) {
				if obj.GetNamespace() != "" {
					obj.SetNamespace("default") // which is there
				}
				if err := c.Create(t.Context(), obj, client.DryRunAll); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if count < 4 {
		t.Errorf("found %d objects in the docs: the test looks past them", count)
	}
}

func TestWhatTheChecksAreDocumentedWithIsAccepted(t *testing.T) {
	everything := readObject(t, "../../hack/docs/declarations.yaml")
	if err := newClient(t).Create(t.Context(), everything, client.DryRunAll); err != nil {
		t.Error(err)
	}
}

// objectsIn returns the objects of this group that a page shows.
func objectsIn(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var objects []string
	for _, block := range strings.Split(string(data), "```yaml\n")[1:] {
		if text, _, _ := strings.Cut(block, "```"); strings.HasPrefix(text, "apiVersion: plumbline.dev/") {
			objects = append(objects, text)
		}
	}
	return objects
}
