package scan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A baseline that an API server would refuse could mean anything: a misspelled word switches a check off.
func TestABaselineThatAnAPIServerRefusesIsRefused(t *testing.T) {
	const head = "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBaseline\nmetadata: {name: wrong}\nspec:\n"
	for name, test := range map[string]struct{ baseline, want string }{
		"a word that there is not": {head + "  workloads:\n    privileged: forbidden\n", "baseline.yaml:6: SecurityBaseline wrong: spec.workloads.privileged"},
		"a field that there is not": {
			head + "  workloads:\n    priviledged: Forbidden\n", "baseline.yaml:6: Unknown field",
		},
		"what only a rule forbids": {
			head + "  workloads:\n    runAsUser:\n      ranges: [{min: 5, max: 1}]\n", "min must not be greater than max",
		},
		"a rule on the whole": {head + "  disabledChecks: [host-port]\n", "spec"},
		"a check that there is not": {
			head + "  workloads: {privileged: Forbidden}\n  severities: [{check: priviledged, severity: Low}]\n", "spec.severities",
		},
		"an exception that waives nothing": {
			head + "  exceptionPolicy: {requireExpiry: true}\n  exceptions: [{name: a, reason: b, checks: [privileged]}]\n",
			"spec.exceptions[a].expires",
		},
		"a selector that selects nothing": {
			head + "  scope: {objectSelector: {matchExpressions: [{key: a, operator: Maybe}]}}\n", "spec.scope.objectSelector",
		},
		"no baseline":     {cleanPod, "there is no SecurityBaseline in"},
		"what is no YAML": {"a: [", "baseline.yaml:1: The document is not YAML"},
		"two of one name": {head + "  workloads: {privileged: Forbidden}\n---\n" + head + "  workloads: {hostPID: Forbidden}\n", "there is a SecurityBaseline wrong in"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "baseline.yaml")
			if err := os.WriteFile(file, []byte(test.baseline), 0o600); err != nil {
				t.Fatal(err)
			}
			got := scanned(t, cleanPod, "-b", file, "-")
			if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, test.want) {
				t.Errorf("code %d, %s%s, want %q", got.code, got.stderr, got.stdout, test.want)
			}
		})
	}
}

func TestASuspendedBaselineJudgesNothing(t *testing.T) {
	suspended := "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBaseline\nmetadata: {name: quiet}\nspec:\n  suspend: true\n  workloads: {privileged: Forbidden}\n"
	got := scanned(t, suspended+"---\n"+cleanPod, "-")
	if got.code != 2 || !strings.Contains(got.stderr, "quiet is suspended") {
		t.Errorf("code %d, %s", got.code, got.stderr)
	}
}

func TestWithoutABaselineTheCallSaysHowToNameOne(t *testing.T) {
	got := scanned(t, cleanPod, "-")
	if want := "no baseline was given; name one with --baseline, or take one with --preset cis-section-5|"; got.code != 2 || !strings.Contains(got.stderr, want) {
		t.Errorf("code %d, %s, want %s", got.code, got.stderr, want)
	}
}

// What an API server accepts is accepted: the definition is that of the samples.
func TestTheSamplesAreAccepted(t *testing.T) {
	files, err := filepath.Glob("../../config/samples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../hack/docs/declarations.yaml", "../../api/v1alpha1/testdata/full-securitybaseline.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), "kind: SecurityBaseline") {
			continue
		}
		if got := scanned(t, cleanPod, "-b", file, "-"); strings.Contains(got.stderr, "SecurityBaseline ") {
			t.Errorf("%s: %s", file, got.stderr)
		}
	}
}
