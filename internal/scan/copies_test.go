package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const privilegedPod = `apiVersion: v1
kind: Pod
metadata: {namespace: shop, name: api}
spec: {containers: [{name: app, image: app, securityContext: {privileged: true}}]}
`

var harmlessPod = strings.Replace(privilegedPod, "privileged: true", "privileged: false", 1)

// treeOf writes files into a directory and returns it.
func treeOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A copy of an object is compared with the one that stands where it does, whatever else comes and goes.
func TestCopiesAreComparedWithTheirOwn(t *testing.T) {
	const dev, prod, stage = "dev/pod.yaml", "prod/pod.yaml", "a-stage/pod.yaml"
	const bad, good = true, false
	for name, test := range map[string]struct {
		before, now    map[string]bool
		opened, closed []string
	}{
		"drift that moves to another environment": {
			before: map[string]bool{dev: bad, prod: good}, now: map[string]bool{prod: bad},
			opened: []string{prod}, closed: []string{dev},
		},
		"a new environment that sorts first": {before: map[string]bool{prod: bad}, now: map[string]bool{stage: good, prod: bad}},
		"an environment that goes":           {before: map[string]bool{stage: good, prod: bad}, now: map[string]bool{prod: bad}},
		"one that changes among others": {
			before: map[string]bool{dev: bad, prod: good, stage: bad}, now: map[string]bool{dev: bad, prod: bad, stage: bad}, opened: []string{prod},
		},
		"a file that is renamed":          {before: map[string]bool{"dev/a.yaml": bad, prod: bad}, now: map[string]bool{"dev/b.yaml": bad, prod: bad}},
		"the only copy, somewhere else":   {before: map[string]bool{"a.yaml": bad}, now: map[string]bool{"b.yaml": bad}},
		"one of which nobody knows whose": {before: map[string]bool{dev: bad, prod: good}, now: map[string]bool{stage: bad}, opened: []string{stage}, closed: []string{dev}},
	} {
		t.Run(name, func(t *testing.T) {
			write := func(given map[string]bool) string {
				files := map[string]string{}
				for file, isBad := range given {
					files[file] = harmlessPod
					if isBad {
						files[file] = privilegedPod
					}
				}
				return treeOf(t, files)
			}
			before, now := write(test.before), write(test.now)
			results := resultsOf(t, scanned(t, "", "--preset", "pss-baseline", "-o", "json", "--compare", before, now))
			found := map[string][]string{}
			for _, one := range results.Results {
				for _, f := range one.Findings {
					root := map[bool]string{true: now, false: before}[f.Change == "Opened"]
					found[string(f.Change)] = append(found[string(f.Change)], strings.TrimPrefix(one.Source.File, root+"/"))
				}
			}
			if diff := cmp.Diff(test.opened, found["Opened"], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("opened (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.closed, found["Closed"], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("closed (-want +got):\n%s", diff)
			}
		})
	}
}

// Copies are found again also where several directories of a tree are named, and where a file holds several.
func TestCopiesAreFoundAgainBelowSeveralPaths(t *testing.T) {
	twice := harmlessPod + "---\n" + privilegedPod
	before := treeOf(t, map[string]string{"dev/pod.yaml": harmlessPod, "prod/pod.yaml": twice})
	now := treeOf(t, map[string]string{"dev/pod.yaml": harmlessPod, "prod/pod.yaml": cleanPod + "---\n" + twice, "stage/pod.yaml": harmlessPod})
	for _, paths := range [][]string{
		{now}, {now + "/stage", now + "/prod", now + "/dev"}, {now + "/*/pod.yaml"}, {now + "/**/pod.yaml"}, {now + "/dev", now + "/stage/pod.yaml", now + "/prod"},
	} {
		got := scanned(t, "", append([]string{"--preset", "pss-baseline", "--compare", before}, paths...)...)
		if got.code != 0 || !strings.Contains(got.stdout, "0 findings open, 0 closed") {
			t.Errorf("%v ends with %d:\n%s%s", paths, got.code, got.stdout, got.stderr)
		}
	}
}

// Whoever mends a file that could not be read is not told that he broke it.
func TestWhatCouldNotBeReadBeforeDoesNotDecide(t *testing.T) {
	broken := treeOf(t, map[string]string{"a.yaml": "a: [", "b.yaml": harmlessPod})
	mended := treeOf(t, map[string]string{"a.yaml": cleanPod, "b.yaml": harmlessPod})
	for _, format := range []string{"table", "json", "sarif", "junit", "github"} {
		got := scanned(t, "", "--preset", "pss-baseline", "-o", format, "--compare", broken, mended)
		if got.code != 0 || !strings.Contains(got.stdout, "The document is not YAML") || strings.Contains(got.stdout, "<error") {
			t.Errorf("%s ends with %d:\n%s%s", format, got.code, got.stdout, got.stderr)
		}
		if got := scanned(t, "", "--preset", "pss-baseline", "-o", format, "--compare", mended, broken); got.code != 2 {
			t.Errorf("%s: what is broken now ends with %d", format, got.code)
		}
	}
}

// What many copies cost is no more than what as many objects do: each has a layer, and no layer goes over all the others. The
// times are of a machine that does other work; the square of so many copies takes minutes.
func TestManyCopiesDoNotCostTheirSquare(t *testing.T) {
	const copies = 30_000
	started := time.Now()
	got := scanned(t, strings.Repeat(harmlessPod+"---\n", copies), "--preset", "pss-baseline", "-")
	if want := fmt.Sprintf("%d objects judged", copies); got.code != 0 || !strings.Contains(got.stdout, want) {
		t.Errorf("code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	if took := time.Since(started); took > 40*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What is left out is told.
func TestWhatIsGivenTooManyTimesIsAnError(t *testing.T) {
	var text strings.Builder
	for i := range 3000 {
		text.WriteString(strings.Replace(harmlessPod, "name: api}", fmt.Sprintf("name: api-%d}", i), 1) + "---\n")
	}
	const bound = 2_000_000 / 3001
	text.WriteString(strings.Repeat(harmlessPod+"---\n", bound+3))
	results := resultsOf(t, scanned(t, text.String(), "--preset", "pss-baseline", "-o", "json", "-"))
	if results.Summary.Objects != 3000+bound || len(results.Errors) != 3 || !strings.Contains(results.Errors[0].Message, "is given too many times") {
		t.Errorf("%+v, %d errors", results.Summary, len(results.Errors))
	}
}
