package controlplane

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inChild is set in the environment of the copy of the test binary that TestNothingOutlives... kills.
const inChild = "PLUMBLINE_CONTROLPLANE_TEST_CHILD"

func TestNothingOutlivesAProgramThatIsKilled(t *testing.T) {
	if dir := os.Getenv(inChild); dir != "" {
		_, err := Start(t.Context(), Options{Dir: dir})
		t.Fatalf("the child was to be killed while it starts: %v", err)
	}
	dir := t.TempDir()
	fakeBinaries(t, "echo $$ > "+dir+"/pid; exec sleep 600")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), inChild+"="+filepath.Join(dir, "controlplane"))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := readPID(t, filepath.Join(dir, "pid"))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	eventually(t, func(context.Context) error {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && !strings.Contains(string(stat), ") Z ") {
			return fmt.Errorf("etcd still runs as %s", stat)
		}
		return nil
	})
}
