package manifest_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/manifest"
)

var update = flag.Bool("update", false, "write the .want files of the cases")

// A case is a directory of files, or a file, below testdata; what is read of it stands beside it in .want.
func TestLoad(t *testing.T) {
	cases, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range cases {
		if filepath.Ext(path) == ".want" || filepath.Base(path) == "fuzz" {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			want := strings.TrimSuffix(path, filepath.Ext(path)) + ".want"
			got := listing(manifest.New(nil, manifest.Options{}), path)
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			data, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(data), got); diff != "" {
				t.Errorf("-want +got, go test -update writes it:\n%s", diff)
			}
		})
	}
}

// listing writes down what is read of paths, with files as seen from the testdata.
func listing(l *manifest.Loader, paths ...string) string {
	var b strings.Builder
	for object, problem := range l.Load(context.Background(), paths) {
		if problem != nil {
			fmt.Fprintf(&b, "%s: document %d%s: %s\n", problem.Source, problem.Source.Document, item(problem.Source), problem.Message)
			continue
		}
		named, _ := object.Object.(metav1.Object)
		fmt.Fprintf(&b, "%s: document %d%s: %s %s\n", object.Source, object.Source.Document, item(object.Source),
			object.Object.GetObjectKind().GroupVersionKind().Kind, strings.TrimPrefix(named.GetNamespace()+"/"+named.GetName(), "/"))
	}
	fmt.Fprintf(&b, "%+v\n", l.Stats())
	return b.String()
}

func item(s manifest.Source) string {
	if s.Item == 0 {
		return ""
	}
	return fmt.Sprintf(", item %d", s.Item)
}
