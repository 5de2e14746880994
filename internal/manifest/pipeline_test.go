package manifest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/yaml"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

const many = 200 // objects, more than are read ahead

func TestALoopThatEndsEarlyLeavesNothingBehind(t *testing.T) {
	path := worlds(t, many)["a-yaml-file-each"]
	first := func(ctx context.Context, then func()) int {
		n := 0
		for _, problem := range manifest.New(nil, manifest.Options{}).Load(ctx, []string{path}) {
			if problem != nil {
				t.Fatal(problem)
			}
			if n++; then == nil {
				break
			}
			then()
		}
		return n
	}
	before := runtime.NumGoroutine()
	for range 20 {
		first(t.Context(), nil)
	}
	// A goroutine is counted until a moment after it said that it is done.
	gomega.NewWithT(t).Eventually(runtime.NumGoroutine).Should(gomega.BeNumerically("<=", before))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n := first(ctx, cancel); n == many {
		t.Errorf("all %d objects came, although the context was done after the first", n)
	}
}

func TestTheOrderIsTheSameHoweverAFileIsCut(t *testing.T) {
	for name, path := range worlds(t, many) {
		n := 0
		for object, problem := range manifest.New(nil, manifest.Options{}).Load(t.Context(), []string{path}) {
			if problem != nil {
				t.Fatal(problem)
			}
			w, _ := workload.Of(object.Object)
			s := object.Source
			if place := map[string]int{"one-yaml-file": s.Document, "one-json-list": s.Item - 1, "a-yaml-file-each": n}[name]; w.Name != fmt.Sprintf("app-%d", n) || place != n {
				t.Fatalf("%s: %s comes at %d, from %+v", name, w.Name, n, s)
			}
			n++
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*", "testdata/documents/[a-z]*", "testdata/lists/*", "testdata/kustomize/base/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := manifest.New(bytes.NewReader(data), manifest.Options{})
		lines := 1
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} { // as YAML ends them
			lines += bytes.Count(data, []byte(end))
		}
		seen := map[int]bool{}
		for object, problem := range l.Load(t.Context(), []string{manifest.Stdin}) {
			if problem != nil {
				seen[problem.Source.Document] = true
				if problem.Source.Line < 1 || problem.Source.Line > lines || problem.Message == "" {
					t.Errorf("%q: %v", data, problem)
				}
				continue
			}
			seen[object.Source.Document] = true
			w, isWorkload := workload.Of(object.Object)
			if isWorkload && (w.Name == "" || w.Namespace == "" || len(w.Pod.Containers) == 0) {
				t.Errorf("%q: %v is not complete", data, w)
			}
			if line := l.Line(object.Source, "spec.template.spec.containers[app].image"); line < object.Source.Line || line > lines {
				t.Errorf("%q: %v has a field on line %d", data, object.Source, line)
			}
		}
		for document := range seen {
			if document < 0 || document >= max(1, l.Stats().Documents) {
				t.Errorf("%q: document %d of %d", data, document, l.Stats().Documents)
			}
		}
		if stats := l.Stats(); holdsSomething(data) && stats.Documents+stats.Problems == 0 {
			t.Errorf("%q: it holds something, and nothing is said of it", data)
		}
		again := listing(manifest.New(bytes.NewReader(data), manifest.Options{}), manifest.Stdin)
		if got := listing(manifest.New(bytes.NewReader(data), manifest.Options{}), manifest.Stdin); got != again {
			t.Errorf("%q: read twice, it is not the same:\n%s", data, cmp.Diff(again, got))
		}
	})
}

// holdsSomething says whether kubectl finds something in a text.
func holdsSomething(data []byte) bool {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var document any
		if err := decoder.Decode(&document); err != nil {
			return false
		}
		if document != nil {
			return true
		}
	}
}
