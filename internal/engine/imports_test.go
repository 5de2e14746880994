package engine_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "plumbline.dev/plumbline"
	root   = "../.." // of the module
)

// reading are the rooms below internal that may know the cluster. All others judge, also those that are yet to come.
var reading = []string{
	module + "/internal/facts", module + "/internal/manifest", module + "/internal/scan", module + "/internal/snapshot",
}

// outside are what judging must not reach, directly or through others.
var outside = []string{
	"sigs.k8s.io/controller-runtime", "k8s.io/client-go", "k8s.io/apiserver", "github.com/prometheus",
	module + "/controllers", module + "/internal/facts", module + "/internal/scan",
}

// loggers cannot be kept out altogether: the types of Kubernetes and apimachinery below them log through klog, which
// brings logr, and a JSON package of theirs through log. What those two bring is allowed, and how the standard library
// logs is its own affair. Nothing else that judging is made of may import a logger, and no package of ours may use those
// that are there.
var (
	loggers    = []string{"log", "github.com/go-logr", "go.uber.org/zap", "k8s.io/klog"}
	kubernetes = []string{"k8s.io/apimachinery", "k8s.io/api"}
)

type imported struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// depguard holds the direct imports of each file to the same rules. What packages bring along it does not see.
func TestWhatJudgesReachesNoClusterNoMetricsAndNoLogger(t *testing.T) {
	packages, deps := list(t)
	if !slices.Contains(packages, module+"/internal/engine") || !slices.Contains(packages, module+"/api/v1alpha1") {
		t.Fatalf("not all that judges is here: %v", packages)
	}
	for _, pkg := range packages {
		t.Run(strings.TrimPrefix(pkg, module+"/"), func(t *testing.T) {
			for _, way := range forbidden(deps, pkg) {
				t.Errorf("it reaches %s", strings.Join(way, " -> "))
			}
		})
	}
}

func TestTheRulesOfImportsAreHeld(t *testing.T) {
	deps := map[string]imported{
		"judge":                   {Imports: []string{"helper", "fmt", "k8s.io/apimachinery/x", "brought"}},
		"helper":                  {Imports: []string{"k8s.io/client-go/rest", "log/slog"}},
		"k8s.io/apimachinery/x":   {Imports: []string{"k8s.io/klog/v2", "brought"}},
		"brought":                 {Imports: []string{"log"}},
		"k8s.io/klog/v2":          {Imports: []string{"log", "github.com/go-logr/logr"}},
		"k8s.io/client-go/rest":   {Imports: []string{"fmt"}},
		"github.com/go-logr/logr": {},
		"fmt":                     {Standard: true, Imports: []string{"log"}},
		"log":                     {Standard: true},
		"log/slog":                {Standard: true},
	}
	var got []string
	for _, way := range forbidden(deps, "judge") {
		got = append(got, strings.Join(way, " "))
	}
	want := []string{"judge helper k8s.io/client-go/rest", "judge helper log/slog"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// forbidden returns the ways from a package to what it must not reach.
func forbidden(deps map[string]imported, from string) [][]string {
	brought := map[string]bool{}
	for pkg := range deps {
		if within(pkg, kubernetes) {
			brought[pkg] = true
			ways(deps, pkg, nil, func(pkg string) bool { brought[pkg] = true; return true })
		}
	}
	everywhere := func(string) bool { return true }
	ours := func(pkg string) bool { return !brought[pkg] && !deps[pkg].Standard }
	return append(ways(deps, from, outside, everywhere), ways(deps, from, loggers, ours)...)
}

// ways returns the shortest way to each package of the trees, through packages that may be passed.
func ways(deps map[string]imported, from string, trees []string, pass func(string) bool) [][]string {
	var found [][]string
	seen := map[string]bool{from: true}
	for queue := [][]string{{from}}; len(queue) > 0; queue = queue[1:] {
		way := queue[0]
		for _, next := range deps[way[len(way)-1]].Imports {
			if seen[next] {
				continue
			}
			seen[next] = true
			longer := append(slices.Clone(way), next)
			if within(next, trees) {
				found = append(found, longer)
			} else if pass(next) {
				queue = append(queue, longer)
			}
		}
	}
	return found
}

func within(pkg string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool { return pkg == tree || strings.HasPrefix(pkg, tree+"/") })
}

// list returns the packages that judge, and all that they import.
func list(t *testing.T) ([]string, map[string]imported) {
	t.Helper()
	var packages []string
	for _, pattern := range []string{"api/*/*.go", "internal/*/*.go"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			dir, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				t.Fatal(err)
			}
			packages = append(packages, path.Join(module, filepath.ToSlash(dir)))
		}
	}
	packages = slices.DeleteFunc(slices.Compact(packages), func(pkg string) bool { return slices.Contains(reading, pkg) })

	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports", "--"}, packages...)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deps := map[string]imported{}
	for decoder := json.NewDecoder(out); ; {
		var pkg imported
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		deps[pkg.ImportPath] = pkg
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	return packages, deps
}
