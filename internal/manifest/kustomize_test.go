package manifest_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

// Whatever a kustomization refers to by URL, nobody is asked for it.
func TestKustomizationsFetchNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Error("somebody asked")
			_ = conn.Close()
		}
	}()
	url := "http://" + listener.Addr().String() + "/x"
	for name, text := range map[string]string{
		"a resource":                    "resources: [URL]",
		"a base":                        "bases: [URL]",
		"a base by git":                 "resources: ['git::URL//base?ref=main']",
		"a component":                   "components: [URL]",
		"a patch":                       "resources: [fine.yaml]\npatches: [{path: URL}]",
		"a patch of the old sort":       "resources: [fine.yaml]\npatchesStrategicMerge: [URL]",
		"a file of a generator":         "configMapGenerator: [{name: a, files: [URL]}]",
		"a keyed file of a generator":   "configMapGenerator: [{name: a, files: [key=URL]}]",
		"variables of a generator":      "configMapGenerator: [{name: a, envs: [URL]}]",
		"the schema":                    "resources: [fine.yaml]\nopenapi: {path: URL}",
		"CRDs":                          "resources: [fine.yaml]\ncrds: [URL]",
		"a replacement":                 "resources: [fine.yaml]\nreplacements: [{path: URL}]",
		"a transformer":                 "resources: [fine.yaml]\ntransformers: [URL]",
		"a transformer of a file":       "resources: [fine.yaml]\ntransformers: [transformer.yaml]",
		"a transformer within":          "resources: [fine.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  path: URL",
		"an alias":                      "commonAnnotations: &a {x: &b URL}\nresources: [*b]",
		"an alias of a list":            "x: &a [URL]\nresources: *a",
		"a kustomization that is below": "resources: [below]",
		"a chart":                       "helmCharts: [{name: a, repo: URL}]",
		"JSON":                          `{"resources": ["URL"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "kustomization.yaml"), strings.ReplaceAll(text, "URL", url)+"\n")
			write(t, filepath.Join(dir, "fine.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: fine}\n")
			write(t, filepath.Join(dir, "transformer.yaml"),
				"apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: "+url+"\n")
			write(t, filepath.Join(dir, "below/kustomization.yaml"), "resources: ["+url+"]\n")
			got := listing(manifest.New(nil, manifest.Options{}), dir)
			if !strings.Contains(got, "The kustomization cannot be built: ") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestTheLinesOfWhatAKustomizationMakes(t *testing.T) {
	l := manifest.New(nil, manifest.Options{})
	for object, problem := range l.Load(t.Context(), []string{"testdata/kustomize/overlays/prod"}) {
		if problem != nil {
			t.Fatal(problem)
		}
		w, ok := workload.Of(object.Object)
		if !ok {
			continue
		}
		if w.Meta.Annotations != nil || *w.Pod.Containers[0].SecurityContext.Privileged != true {
			t.Errorf("it is not what kustomize makes: %v, %v", w.Meta.Annotations, w.Pod)
		}
		// The patch makes it privileged; the line is that of the field in the resource.
		if got := l.Line(object.Source, "spec.template.spec.containers[api].securityContext.privileged"); got != 17 {
			t.Errorf("line %d, want 17", got)
		}
	}
}
