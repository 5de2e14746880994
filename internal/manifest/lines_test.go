package manifest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

func TestStandardInputIsReadOnceAndItsLinesAreKnown(t *testing.T) {
	text := "---\n# nothing\n---\n" + deployment(1) + "---\n" + deployment(2)
	l := manifest.New(strings.NewReader(text), manifest.Options{})
	var lines []int
	for object, problem := range l.Load(t.Context(), []string{"-", "-"}) {
		if problem != nil {
			t.Fatal(problem)
		}
		lines = append(lines, object.Source.Line, l.Line(object.Source, "metadata.name"), object.Source.Document)
	}
	second := 5 + strings.Count(deployment(1), "\n")
	if want := []int{4, 7, 0, second, second + 3, 1}; !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
}

func TestLine(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/fast.yaml", "# first\n---\n"+deployment(7))
	write(t, dir+"/slow.yaml", strings.Replace(deployment(7), "template:\n", "template: &template\n", 1))
	write(t, dir+"/pod.json", `{"apiVersion": "v1", "kind": "Pod",
  "metadata": {"name": "app",
    "annotations": {
      "example.com/a.b": "c"
    }},
  "spec": {"containers": [
    {"name": "a", "image": "a"},
    {"name": "b", "image": "b",
      "ports": [{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP",
         "hostPort": 81}],
      "volumeMounts": [{"mountPath": "/tmp", "name": "x"},
        {"mountPath": "/var", "name": "x"}]}]}}`)
	for _, c := range []struct {
		file, path, want string
	}{
		{"fast.yaml", "spec.template.spec.containers[sidecar].securityContext.privileged", "          privileged: true"},
		{"fast.yaml", "spec.template.spec.containers[sidecar].securityContext.capabilities.add", "            add: [NET_ADMIN]"},
		{"fast.yaml", "spec.template.spec.containers[sidecar].securityContext.capabilities.drop", "          capabilities:"},
		{"fast.yaml", "spec.template.spec.containers[sidecar].securityContext", "        securityContext:"},
		{"fast.yaml", "spec.template.spec.containers[absent].securityContext", "      containers:"},
		{"fast.yaml", "spec.template.spec.containers[app].volumeMounts[/tmp].readOnly", "        - {name: tmp, mountPath: /tmp}"},
		{"fast.yaml", "spec.template.metadata.annotations[prometheus.io/scrape]", "        prometheus.io/scrape: \"true\""},
		{"fast.yaml", "spec.template.spec.volumes[tmp]", "      - name: tmp"},
		{"fast.yaml", "spec.template.spec.hostPID", "    spec:"},
		{"fast.yaml", "deployments[app-7].spec.template.spec.hostPID", "    spec:"},
		{"fast.yaml", "", "apiVersion: apps/v1"},
		{"slow.yaml", "spec.template.spec.containers[sidecar].securityContext.privileged", "          privileged: true"},
		{"pod.json", "spec.containers[b].image", `    {"name": "b", "image": "b",`},
		{"pod.json", "spec.containers[b].ports[81/UDP].hostPort", `         "hostPort": 81}],`},
		{"pod.json", "spec.containers[b].ports[80/TCP].hostPort", `      "ports": [{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP",`},
		{"pod.json", "spec.containers[b].volumeMounts[/var]", `        {"mountPath": "/var", "name": "x"}]}]}}`},
		{"pod.json", "metadata.annotations[example.com/a.b]", `      "example.com/a.b": "c"`},
	} {
		t.Run(c.file+" "+c.path, func(t *testing.T) {
			l := manifest.New(nil, manifest.Options{})
			for object, problem := range l.Load(t.Context(), []string{filepath.Join(dir, c.file)}) {
				if problem != nil {
					t.Fatal(problem)
				}
				text, err := os.ReadFile(object.Source.File)
				if err != nil {
					t.Fatal(err)
				}
				line := l.Line(object.Source, c.path)
				if got := strings.Split(string(text), "\n")[line-1]; got != c.want {
					t.Errorf("line %d: %q, want %q", line, got, c.want)
				}
			}
		})
	}
}

func TestTheLinesOfItemsOfLists(t *testing.T) {
	for _, path := range []string{"testdata/lists/list.yaml", "testdata/lists/pods.json", "testdata/lists/roles.yaml"} {
		l := manifest.New(nil, manifest.Options{})
		for object, problem := range l.Load(t.Context(), []string{path}) {
			if problem != nil {
				continue
			}
			begins, name := l.Line(object.Source, ""), l.Line(object.Source, "metadata.name")
			if begins != object.Source.Line || name < begins || name > begins+3 {
				t.Errorf("%v begins on line %d and has its name on line %d", object.Source, begins, name)
			}
		}
	}
}

func TestTheLinesOfWhatAChartMakes(t *testing.T) {
	l := manifest.New(nil, manifest.Options{})
	for object, problem := range l.Load(t.Context(), []string{"testdata/charts/shop/templates", "testdata/charts/shop"}) {
		if problem != nil {
			continue
		}
		if w, ok := workload.Of(object.Object); ok && w.Kind == "Deployment" {
			got := l.Line(object.Source, "spec.template.spec.containers[api].securityContext.privileged")
			if object.Source.Line != 18 || got != 35 {
				t.Errorf("it begins on line %d, and the field stands on line %d, want 18 and 35", object.Source.Line, got)
			}
		}
	}
}
