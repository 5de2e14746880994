package v1alpha1_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/discovery"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

func TestTheKindsAreFoundByTheirShortNamesAndCategory(t *testing.T) {
	found, err := discovery.NewDiscoveryClientForConfigOrDie(plane(t).Config()).ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	if err != nil {
		t.Fatal(err)
	}
	type names struct {
		Kind                   string
		Namespaced             bool
		ShortNames, Categories []string
	}
	got := map[string]names{}
	for _, r := range found.APIResources {
		got[r.Name] = names{r.Kind, r.Namespaced, r.ShortNames, r.Categories}
	}
	want := map[string]names{
		"securitybaselines":        {"SecurityBaseline", false, []string{"sbl"}, []string{"plumbline"}},
		"securitybaselines/status": {"SecurityBaseline", false, nil, nil},
		"driftreports":             {"DriftReport", true, []string{"drift"}, []string{"plumbline"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKubectlShowsWhatMatters(t *testing.T) {
	c := newClient(t)
	create(t, c, readObject(t, "testdata/full-driftreport.yaml"))
	create(t, c, report(t, "resolved", podTarget, `{state: Resolved, summary: {findings: 0, critical: 0, high: 0, medium: 0, low: 0, truncated: 0},
		baselines: [production, team], resolvedAt: "2026-11-21T09:00:00Z"}`))
	create(t, c, baseline(t, "new", "{}"))
	full := readObject(t, "testdata/full-securitybaseline.yaml")
	status := full.Object["status"]
	create(t, c, full)
	full.Object["status"] = status
	if err := c.Status().Update(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	for golden, args := range map[string][]string{
		"driftreports":           {"get", "driftreports", "--all-namespaces"},
		"driftreports-wide":      {"get", "drift", "--all-namespaces", "-o", "wide"},
		"driftreports-namespace": {"get", "drift", "-n", "default", "--field-selector", "status.state=Drifted"},
		"securitybaselines":      {"get", "sbl"},
		"category":               {"get", "plumbline", "--all-namespaces"},
	} {
		t.Run(golden, func(t *testing.T) {
			got := kubectl(t, args...)
			compareGolden(t, filepath.Join("testdata", "columns", golden+".txt"), withoutAges(got))
		})
	}
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	dir, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--kubeconfig", plane(t).Kubeconfig()}, args...)
	out, err := exec.CommandContext(t.Context(), filepath.Join(dir, binaries.Kubectl), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// Ages below ten seconds get a digit and lose a blank, so that every age is as wide as its header.
var (
	shortAge = regexp.MustCompile(`(?m)\b([0-9])s( |$)`)
	age      = regexp.MustCompile(`\b[0-9]{2}s\b`)
)

func withoutAges(table string) string {
	return age.ReplaceAllString(shortAge.ReplaceAllString(table, "0${1}s"), "now")
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
