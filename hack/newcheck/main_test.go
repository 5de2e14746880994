package main

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestANewCheckBeginsWithItsFileTwoCasesAndItsExample(t *testing.T) {
	root := t.TempDir()
	files, err := begin(root, "host-pid2")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"internal/checks/host-pid2.go", "internal/checks/testdata/host-pid2/passes.yaml", "internal/checks/testdata/host-pid2/fails.yaml",
		"internal/checks/testdata/host-pid2/example.yaml",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	source, err := os.ReadFile(filepath.Join(root, files[0]))
	if err != nil {
		t.Fatal(err)
	}
	formatted, err := format.Source(source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(formatted), string(source)); diff != "" {
		t.Errorf("gofmt (-want +got):\n%s", diff)
	}
	if !strings.Contains(string(source), "func runHostPid2(") {
		t.Errorf("no function of the check's name in:\n%s", source)
	}
}

func TestAnIDThatCannotBeOneIsRefused(t *testing.T) {
	for _, id := range []string{"", "HostPID", "host_pid", "host--pid", "-host", "host-", "1host", "host pid", "../host", "host.go"} {
		root := t.TempDir()
		if _, err := begin(root, id); err == nil || !strings.Contains(err.Error(), "not kebab-case") {
			t.Errorf("%q: %v", id, err)
		}
		if left, _ := os.ReadDir(root); len(left) > 0 {
			t.Errorf("%q left %v", id, left)
		}
	}
}

func TestAnIDThatIsTakenIsRefused(t *testing.T) {
	for name, taken := range map[string]string{
		"by a check":         "internal/checks/host-pid.go",
		"by cases":           "internal/checks/testdata/host-pid/fails.yaml",
		"by something there": "internal/checks/host-pid.go/x",
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.MkdirAll(filepath.Join(root, filepath.Dir(taken)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, taken), []byte("mine"), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := begin(root, "host-pid"); err == nil || !strings.Contains(err.Error(), "is taken") {
				t.Error(err)
			}
			if data, _ := os.ReadFile(filepath.Join(root, taken)); string(data) != "mine" {
				t.Errorf("it was written over: %s", data)
			}
		})
	}
}
