package manifest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

// Whatever a kustomization refers to elsewhere, and however it is written, nobody is asked for it, and no program is run.
func TestKustomizationsFetchNothing(t *testing.T) {
	url := unasked(t) + "/x"
	git := filepath.Join(t.TempDir(), "git-was-run")
	programs := t.TempDir()
	write(t, filepath.Join(programs, "git"), "#!/bin/sh\n: > "+git+"\nexit 1\n")
	if err := os.Chmod(filepath.Join(programs, "git"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	path := os.Getenv("PATH")
	for name, text := range map[string]string{
		"a resource":                       "resources: [URL]",
		"a resource in capitals":           "Resources: [URL]",
		"a resource of git in capitals":    "RESOURCES: ['URL/evil/repo.git']",
		"a resource over SSH":              "Resources: ['ssh://git@127.0.0.1/evil/repo.git']",
		"a resource with a user":           "resources: ['git@127.0.0.1:evil/repo.git']",
		"a resource of GitHub":             "Resources: ['github.com/evil/repo']",
		"a resource in escapes":            `resources: ["\x68ttp://ADDRESS/x"]`,
		"a resource of a key in escapes":   `"r\x65sources": [URL]`,
		"a base":                           "bases: [URL]",
		"a base by git":                    "resources: ['git::URL//base?ref=main']",
		"a base by git in capitals":        "Bases: ['git::URL//base?ref=main']",
		"a component":                      "components: [URL]",
		"a component by git in capitals":   "Components: ['git::file:///nowhere/repo.git']",
		"a patch":                          "resources: [fine.yaml]\npatches: [{path: URL}]",
		"a patch in capitals":              "resources: [fine.yaml]\nPatches: [{Path: URL}]",
		"a patch of the old sort":          "resources: [fine.yaml]\npatchesStrategicMerge: [URL]",
		"a file of a generator":            "configMapGenerator: [{name: a, files: [URL]}]",
		"a file of a generator, capitals":  "configMapGenerator: [{name: a, Files: [URL]}]",
		"a keyed file of a generator":      "configMapGenerator: [{name: a, files: [key=URL]}]",
		"variables of a generator":         "configMapGenerator: [{name: a, envs: [URL]}]",
		"the schema":                       "resources: [fine.yaml]\nopenapi: {path: URL}",
		"the schema in capitals":           "resources: [fine.yaml]\nOpenAPI: {path: URL}",
		"CRDs":                             "resources: [fine.yaml]\ncrds: [URL]",
		"a replacement":                    "resources: [fine.yaml]\nreplacements: [{path: URL}]",
		"a transformer":                    "resources: [fine.yaml]\ntransformers: [URL]",
		"a transformer of a file":          "resources: [fine.yaml]\ntransformers: [transformer.yaml]",
		"a transformer of escapes":         "resources: [fine.yaml]\ntransformers: [escaped.yaml]",
		"a generator of escapes":           "generators: [generator.yaml]",
		"a generator of a List":            "generators: [list.yaml]",
		"a generator that is put together": "generators: [together]",
		"a transformer within":             "resources: [fine.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  path: URL",
		"a transformer within, on a line":  `{"resources": ["fine.yaml"], "transformers": ["{apiVersion: built\\u0069n, kind: PatchTransformer, metadata: {name: a}, path: 'URL'}"]}`,
		"an alias":                         "commonAnnotations: &a {x: &b URL}\nresources: [*b]",
		"an alias of a list":               "x: &a [URL]\nresources: *a",
		"a kustomization that is below":    "resources: [below]",
		"a component behind a link":        "components: [linked]",
		"a chart":                          "helmCharts: [{name: a, repo: URL}]",
		"a chart in capitals":              "HelmCharts: [{Name: a, Repo: URL}]",
		"a chart of a generator":           "generators: [chart.yaml]",
		"JSON":                             `{"resources": ["URL"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{
				"kustomization.yaml": text + "\n",
				"fine.yaml":          "apiVersion: v1\nkind: Namespace\nmetadata: {name: fine}\n",
				"transformer.yaml":   "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: URL\n",
				"escaped.yaml":       `{apiVersion: "built\x69n", kind: PatchTransformer, metadata: {name: a}, path: URL}`,
				"generator.yaml":     `{apiVersion: "built\x69n", kind: ConfigMapGenerator, metadata: {name: a}, files: ["a=URL"]}`,
				"list.yaml": "apiVersion: v1\nkind: List\nitems:\n" +
					"- {apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, name: a, files: [a=URL]}\n",
				"chart.yaml": "apiVersion: \"built\\x69n\"\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\nname: a\nrepo: URL\n",
				// No file holds the URL: a replacement puts it together.
				"together/kustomization.yaml": "resources: [part.yaml]\nreplacements:\n- source: {kind: ConfigMapGenerator, fieldPath: second}\n" +
					"  targets:\n  - select: {kind: ConfigMapGenerator}\n    fieldPaths: [files.0]\n    options: {delimiter: ':', index: 1}\n",
				"together/part.yaml":       "apiVersion: \"built\\x69n\"\nkind: ConfigMapGenerator\nmetadata: {name: a}\nname: a\nsecond: //ADDRESS/x\nfiles: ['a=http:x']\n",
				"below/kustomization.yaml": "resources: [URL]\n",
				"linked/words.txt":         "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\ncomponents: ['git::URL/repo.git']\n",
			} {
				text = strings.ReplaceAll(strings.ReplaceAll(text, "URL", url), "ADDRESS/x", strings.TrimPrefix(url, "http://"))
				write(t, filepath.Join(dir, file), text)
			}
			link(t, "words.txt", filepath.Join(dir, "linked/kustomization.yaml"))
			got := listing(manifest.New(nil, manifest.Options{}), filepath.Join(dir, "kustomization.yaml"))
			if !strings.Contains(got, "The kustomization cannot be built: ") {
				t.Errorf("got %s", got)
			}
			if _, err := os.Stat(git); err == nil {
				t.Error("git was run")
				_ = os.Remove(git)
			}
		})
	}
	if os.Getenv("PATH") != path {
		t.Errorf("the PATH is left at %q", os.Getenv("PATH"))
	}
}

// unasked returns a URL that nobody may ask for anything.
func unasked(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("somebody asked for %s", r.URL)
	}))
	t.Cleanup(server.Close)
	return server.URL
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

// Only what a kustomization makes objects of, or patches them by, is left to it. What it takes for data may hold objects.
func TestWhatAKustomizationMerelyMentionsIsRead(t *testing.T) {
	const account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s}\n"
	const object = "in/object.yaml:1: document 0: ServiceAccount default/object\n"
	const built = "in/object.yaml:1: document 0: ServiceAccount default/built-object\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                          {"", object},
		"a resource":                       {"resources: [in/object.yaml]", built},
		"a resource in capitals":           {"Resources: [in/object.yaml]", built},
		"a resource by another way":        {"resources: [./in/../in/object.yaml]", built},
		"a resource by a link":             {"resources: [link/object.yaml]", "link" + strings.TrimPrefix(built, "in")},
		"a base":                           {"bases: [base]", "base/text:1: document 0: ServiceAccount default/built-base\n" + object},
		"a file of a ConfigMap":            {"configMapGenerator: [{name: a, files: [in/object.yaml]}]", object},
		"a file of a ConfigMap by its key": {"configMapGenerator: [{name: a, files: [key=in/object.yaml]}]", object},
		"a file of a Secret":               {"secretGenerator: [{name: a, files: [settings/file.yaml]}]", object},
		"variables of a ConfigMap":         {"configMapGenerator: [{name: a, env: settings/file.yaml}]", object},
		"a word of its own":                {"commonAnnotations: {path: in/object.yaml}", object},
		"a patch":                          {"patches: [{path: patch/file.yaml, target: {kind: Pod}}]", object},
		"a patch of a transformer": {"transformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n" +
			"  metadata: {name: a}\n  path: patch/file.yaml\n  target: {kind: Pod}", object},
		"a word of a transformer": {"transformers:\n- |\n  apiVersion: builtin\n  kind: AnnotationsTransformer\n" +
			"  metadata: {name: a}\n  path: in/object.yaml", object},
		"itself":                         {"resources: [., in/object.yaml]", "cycle detected"},
		"one that mentions it in turn":   {"resources: [back, in/object.yaml]", "cycle detected"},
		"something, where it is no YAML": {"resources: {", "The kustomization cannot be built"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "kustomization.yaml", "namePrefix: built-\n"+c.text+"\n")
			write(t, "in/object.yaml", fmt.Sprintf(account, "object"))
			for path, text := range map[string]string{
				"base/text":               fmt.Sprintf(account, "base"),
				"base/kustomization.yaml": "resources: [text]\n",
				"back/kustomization.yaml": "resources: [..]\n",
				"settings/file.yaml":      "a=b\n",
				"patch/file.yaml":         "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n",
			} {
				if strings.Contains(c.text, filepath.Dir(path)) {
					write(t, path, text)
				}
			}
			if strings.Contains(c.text, "link") {
				link(t, "in", "link")
			}
			if got := listing(manifest.New(nil, manifest.Options{}), "."); !strings.HasPrefix(got, c.want+"{") &&
				(strings.HasSuffix(c.want, "\n") || !strings.Contains(got, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// What kubectl takes for a List is one also in what a kustomization makes.
func TestItemsOfWhatAKustomizationMakes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/kustomization.yaml", "resources: [list]\n")
	write(t, dir+"/list", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems:\n- "+
		"{apiVersion: v1, kind: Namespace, metadata: {name: within}}\n")
	if got := listing(manifest.New(nil, manifest.Options{}), dir); !strings.Contains(got, "list:1: document 0, item 1: Namespace within\n") {
		t.Errorf("got %s", got)
	}
}
