package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const (
	declaresHostPID = "spec:\n  workloads:\n    hostPID: Forbidden\n"
	exampleHead     = "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBaseline\nmetadata:\n  name: b\n" + declaresHostPID
	podHead         = "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n"
	failingPod      = podHead + "spec:\n  hostPID: true\n"
	passingPod      = podHead + "spec:\n  hostPID: false\n"
)

// hostPID is a check that is quickly failed.
var hostPID = engine.Check{
	ID:       "c",
	Declared: func(spec *v1alpha1.SecurityBaselineSpec) bool { return spec.Workloads.HostPID != "" },
	Run: func(in *engine.Input) []engine.Finding {
		if !in.Workload.Pod.HostPID {
			return nil
		}
		return []engine.Finding{{Message: "Baseline " + in.Baseline + " says no."}}
	},
}

func TestAnExampleIsShownWithWhatTheCheckFindsInIt(t *testing.T) {
	writeExample(t, exampleHead+failingPod+passingPod)
	fails, passes, _, err := examplesOf(hostPID, declaresHostPID)
	if err != nil {
		t.Fatal(err)
	}
	want := example{Shown: "spec:\n  hostPID: true", Message: "Baseline b says no."}
	if diff := cmp.Diff(want, fails); diff != "" {
		t.Errorf("fails (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(example{Shown: "spec:\n  hostPID: false\n"}, passes); diff != "" {
		t.Errorf("passes (-want +got):\n%s", diff)
	}
}

func TestAnExampleThatShowsSomethingElseIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"that lacks the pod that passes": {exampleHead + failingPod, "not 2 documents"},
		"in the wrong order":             {exampleHead + passingPod + failingPod, "the second document must fail and the third must pass"},
		"that fails twice":               {exampleHead + failingPod + failingPod, "the second document must fail and the third must pass"},
		"that declares more than the page says": {
			exampleHead + "    hostIPC: Forbidden\n" + failingPod + passingPod, "the baseline must declare what hack/docs/declarations.yaml says",
		},
		"with a field that does not exist": {exampleHead + failingPod + podHead + "spec:\n  hostpid: false\n", `document 3: unknown field "spec.hostpid"`},
		"of a kind that is not judged": {
			exampleHead + failingPod + "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p\n", "the third document: is of a kind that is not judged",
		},
	} {
		t.Run(name, func(t *testing.T) {
			writeExample(t, test.text)
			if _, _, _, err := examplesOf(hostPID, declaresHostPID); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// writeExample goes to a directory in which the check c has the text as its example.
func writeExample(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	dir := filepath.Join("internal", "checks", "testdata", "c")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "example.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
