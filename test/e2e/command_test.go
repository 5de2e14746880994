package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"plumbline.dev/plumbline/hack/controlplane"
)

// run runs plumbline where there is no cluster but the one that it is told of.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG=", "HOME="+t.TempDir(), "KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT=")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("plumbline %v: %v %v\n%s%s", args, err, ctx.Err(), &out, &errOut)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

func TestHelpIsPrinted(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"manager", "--help"}} {
		code, stdout, stderr := run(t, args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "Usage:") || !strings.Contains(stdout, "--leader-elect") {
			t.Errorf("plumbline %v ends with %d and prints %q and\n%s", args, code, stderr, stdout)
		}
	}
}

// refused checks that plumbline ends with 2 and one line that holds all of these.
func refused(t *testing.T, args []string, says ...string) {
	t.Helper()
	began := time.Now()
	code, stdout, stderr := run(t, args...)
	t.Logf("after %.1f s: %s", time.Since(began).Seconds(), stderr)
	if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("want exit code 2 and one line, got %d and %q and\n%s", code, stdout, stderr)
	}
	for _, text := range append(says, "plumbline: ") {
		if !strings.Contains(stderr, text) {
			t.Errorf("want %q in %s", text, stderr)
		}
	}
}

func TestAnUnknownFlagIsRefused(t *testing.T) {
	refused(t, []string{"--colour"}, "unknown flag: --colour")
	refused(t, []string{"manager", "--colour"}, "unknown flag: --colour")
}

func TestAnUnknownCommandIsRefused(t *testing.T) {
	refused(t, []string{"managre"}, "managre")
}

func TestAKubeconfigThatIsNotThereIsRefused(t *testing.T) {
	refused(t, []string{"manager", "--kubeconfig=" + filepath.Join(t.TempDir(), "missing")}, "missing", "no such file")
}

func TestNoKubeconfigAtAllIsRefused(t *testing.T) {
	refused(t, []string{"manager"}, "KUBECONFIG")
}

func TestAClusterThatCannotBeReachedIsRefused(t *testing.T) {
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, &rest.Config{Host: "https://" + address}); err != nil {
		t.Fatal(err)
	}
	refused(t, []string{"manager", "--kubeconfig=" + kubeconfig, "--metrics-bind-address=0", "--health-probe-bind-address=0"},
		address, "connection refused")
}
