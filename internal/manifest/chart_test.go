package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

func TestValuesOfCharts(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.yaml", "privileged: true\nimage: a\n")
	write(t, dir+"/b.yaml", "image: b\ndb: {enabled: false}\n")
	write(t, dir+"/wrong.yaml", "image: {\n")
	o := manifest.Options{Namespace: "shop", Values: []string{dir + "/a.yaml", dir + "/b.yaml"}}
	var got []string
	for object, problem := range manifest.New(nil, o).Load(t.Context(), []string{"testdata/charts/shop"}) {
		if problem != nil {
			continue
		}
		if w, ok := workload.Of(object.Object); ok {
			got = append(got, w.String()+" "+w.Pod.Containers[0].Image)
		}
	}
	if want := []string{"DaemonSet shop/release-name-shop-agent b", "Deployment shop/release-name-shop b:1.0.0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for file, want := range map[string]string{
		dir + "/wrong.yaml":  "wrong.yaml:1: document 0: The values cannot be read:",
		dir + "/absent.yaml": "absent.yaml:1: document 0: There is no such file",
	} {
		got := listing(manifest.New(nil, manifest.Options{Values: []string{file}}), "testdata/charts/shop")
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
