package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

const (
	chartYAML = "apiVersion: v2\nname: %s\nversion: 0.1.0\n"
	objectIn  = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"
)

// A schema has what stands in it, and nothing else: neither the network nor this machine is asked, however it is written.
func TestSchemasOfChartsFetchNothing(t *testing.T) {
	url := unasked(t)
	dir := t.TempDir()
	write(t, dir+"/secret.json", `{"not": {}}`)
	for name, schema := range map[string]string{
		"a reference":             `{"properties": {"a": {"$ref": "URL/schema.json"}}}`,
		"a reference in escapes":  `{"properties": {"a": {"\u0024ref": "\u0068ttp://ADDRESS/schema.json"}}}`,
		"a reference in capitals": `{"properties": {"a": {"$ref": "HTTP://ADDRESS/schema.json"}}}`,
		"a file":                  `{"$ref": "file://DIR/secret.json"}`,
		"a path":                  `{"$ref": "DIR/secret.json"}`,
		"a path up":               `{"$ref": "../../../../../../DIR/secret.json"}`,
		"a draft":                 `{"$schema": "URL/draft"}`,
		"a name and a reference":  `{"$id": "URL/a/b.json", "properties": {"a": {"$ref": "c.json"}}}`,
		"a dynamic reference":     `{"$dynamicRef": "URL/schema.json#here"}`,
		"a definition":            `{"$defs": {"x": {"$ref": "URL/schema.json"}}, "$ref": "#/$defs/x"}`,
		"another protocol":        `{"$ref": "ftp://ADDRESS/schema.json"}`,
	} {
		t.Run(name, func(t *testing.T) {
			schema = strings.NewReplacer("URL", url, "ADDRESS", strings.TrimPrefix(url, "http://"), "DIR", dir).Replace(schema)
			for _, at := range []string{"", "/charts/below"} {
				path := filepath.Join(t.TempDir(), "shop")
				write(t, path+"/Chart.yaml", fmt.Sprintf(chartYAML, "shop"))
				write(t, path+"/charts/below/Chart.yaml", fmt.Sprintf(chartYAML, "below"))
				write(t, path+"/templates/a.yaml", fmt.Sprintf(objectIn, "a"))
				write(t, path+"/values.yaml", "a: 1\nbelow: {a: 1}\n")
				write(t, path+at+"/values.schema.json", schema)
				got := listing(manifest.New(nil, manifest.Options{}), path)
				if !strings.Contains(got, "values.schema.json of the chart") || !strings.Contains(got, "nothing is fetched from elsewhere") {
					t.Errorf("got %s", got)
				}
			}
		})
	}
}

func TestValuesAreHeldAgainstSchemas(t *testing.T) {
	for schema, want := range map[string]string{
		`{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"type": "integer"}}}`:     "Namespace a",
		`{"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/x", "$defs": {"x": {}}}`: "Namespace a",
		`{"$ref": "urn:example:any"}`:                 "Namespace a",
		`{"properties": {"a": {"type": "string"}}}`:   "at '/a': got number, want string",
		`{"properties": {"a": {"$ref": "#/absent"}}}`: "absent",
		`{`: "unexpected EOF",
	} {
		path := filepath.Join(t.TempDir(), "shop")
		write(t, path+"/Chart.yaml", fmt.Sprintf(chartYAML, "shop"))
		write(t, path+"/templates/a.yaml", fmt.Sprintf(objectIn, "a"))
		write(t, path+"/values.yaml", "a: 1\n")
		write(t, path+"/values.schema.json", schema)
		if got := listing(manifest.New(nil, manifest.Options{}), path); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", schema, got, want)
		}
	}
}

// What Helm makes nothing of is looked through for objects; what is none is no problem there.
func TestWhatStandsInTheDirectoriesOfCharts(t *testing.T) {
	t.Chdir(t.TempDir())
	library := chartYAML + "type: library\n"
	for path, text := range map[string]string{
		"app/Chart.yaml":                         fmt.Sprintf(chartYAML, "app"),
		"app/values.yaml":                        "image: a\n",
		"app/values-prod.yaml":                   "image: b\n",
		"app/ci/values.yaml":                     "- a\n",
		"app/plain.yaml":                         fmt.Sprintf(objectIn, "plain"),
		"app/extra/deep/object.yaml":             fmt.Sprintf(objectIn, "extra"),
		"app/extra/template.yaml":                "{{ if .x }}\na: {{ .y }}\n{{ end }}\n---\n" + fmt.Sprintf(objectIn, "behind-a-template"),
		"app/extra/broken.yaml":                  "a: [\n",
		"app/extra/dashboard.json":               `{"panels": []}`,
		"app/templates/object.yaml":              fmt.Sprintf(objectIn, "rendered"),
		"app/crds/a/object.yaml":                 "# of a CRD\n" + fmt.Sprintf(objectIn, "installed"),
		"app/crds/crd.yaml":                      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n",
		"app/charts/db/Chart.yaml":               fmt.Sprintf(chartYAML, "db"),
		"app/charts/db/extra/object.yaml":        fmt.Sprintf(objectIn, "extra-of-a-dependency"),
		"app/charts/db/templates/object.yaml":    fmt.Sprintf(objectIn, "dependency"),
		"app/charts/db/crds/object.yaml":         fmt.Sprintf(objectIn, "installed-by-a-dependency"),
		"app/charts/_old/object.yaml":            fmt.Sprintf(objectIn, "old"),
		"app/nested/Chart.yaml":                  fmt.Sprintf(chartYAML, "nested"),
		"app/nested/templates/object.yaml":       fmt.Sprintf(objectIn, "nested"),
		"app/built/kustomization.yaml":           "resources: [a.txt]\n",
		"app/built/a.txt":                        fmt.Sprintf(objectIn, "built"),
		"library/Chart.yaml":                     fmt.Sprintf(library, "library"),
		"library/object.yaml":                    fmt.Sprintf(objectIn, "beside-a-library"),
		"library/deep/object.yaml":               fmt.Sprintf(objectIn, "below-a-library"),
		"library/templates/object.yaml":          fmt.Sprintf(objectIn, "template-of-a-library"),
		"library/templates/define.yaml":          "{{- define \"a\" -}}\nkind: Pod\n{{- end -}}\n",
		"library/app/Chart.yaml":                 fmt.Sprintf(chartYAML, "below"),
		"library/app/templates/object.yaml":      fmt.Sprintf(objectIn, "chart-below-a-library"),
		"library/app/charts/a/Chart.yaml":        fmt.Sprintf(library, "a"),
		"library/app/charts/a/other/object.yaml": fmt.Sprintf(objectIn, "below-a-library-below"),
	} {
		write(t, path, text)
	}
	want := `app/charts/db/templates/object.yaml:1: document 0: Namespace dependency
app/templates/object.yaml:1: document 0: Namespace rendered
app/crds/a/object.yaml:2: document 0: Namespace installed
app/charts/db/crds/object.yaml:1: document 0: Namespace installed-by-a-dependency
app/built/a.txt:1: document 0: Namespace built
app/charts/_old/object.yaml:1: document 0: Namespace old
app/charts/db/extra/object.yaml:1: document 0: Namespace extra-of-a-dependency
app/extra/broken.yaml:1: document 0: The document is not YAML: did not find expected node content.
app/extra/deep/object.yaml:1: document 0: Namespace extra
app/extra/template.yaml:5: document 1: Namespace behind-a-template
app/nested/templates/object.yaml:1: document 0: Namespace nested
app/plain.yaml:1: document 0: Namespace plain
library/app/templates/object.yaml:1: document 0: Namespace chart-below-a-library
library/app/charts/a/other/object.yaml:1: document 0: Namespace below-a-library-below
library/deep/object.yaml:1: document 0: Namespace below-a-library
library/object.yaml:1: document 0: Namespace beside-a-library
library/templates/object.yaml:1: document 0: Namespace template-of-a-library
{Files:14 Documents:19 Objects:16 Skipped:1 Problems:1}
`
	if diff := cmp.Diff(want, listing(manifest.New(nil, manifest.Options{}), "app", "library")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The first way to a directory does not decide alone how it is read.
func TestWhatLinksInChartsLeadTo(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "app/Chart.yaml", fmt.Sprintf(chartYAML, "app")+"dependencies: [{name: db, version: 0.1.0, condition: no.db}]\n")
	write(t, "app/values.yaml", "no: {db: false}\n")
	write(t, "db/Chart.yaml", fmt.Sprintf(chartYAML, "db"))
	write(t, "db/templates/object.yaml", fmt.Sprintf(objectIn, "db"))
	write(t, "plain/object.yaml", "metadata: {name: no-kind}\n")
	if err := os.MkdirAll("app/charts", 0o700); err != nil {
		t.Fatal(err)
	}
	link(t, "../../db", "app/charts/db")
	link(t, "../plain", "app/plain")
	got := listing(manifest.New(nil, manifest.Options{}), ".")
	for _, want := range []string{"db/templates/object.yaml:1: document 0: Namespace db\n", "plain/object.yaml:1: document 0: The document has no"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestChartsWithLinksThatFanOut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/app/Chart.yaml", fmt.Sprintf(chartYAML, "app"))
	fan(t, dir+"/fan", 30)
	link(t, dir+"/fan/0", dir+"/app/files")
	if got := listing(manifest.New(nil, manifest.Options{}), dir+"/app/Chart.yaml"); !strings.Contains(got, "more than 5000 directories") {
		t.Errorf("got %s", got)
	}
}
