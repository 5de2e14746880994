package snapshot_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/scan"
)

// judge judges the cluster by the baselines, as the operator does.
func judge(t *testing.T, text string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "snapshot.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := scan.NewScanCommand(scan.Options{Checks: checks.All(), Version: "test"})
	cmd.SetArgs([]string{"--cluster", "--kubeconfig", started.Kubeconfig(), "--baseline", file})
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestACheckFindsWhatIsNotAsInTheSnapshotAndNothingElse(t *testing.T) {
	text, _, err := take(t, "--all-namespaces")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := judge(t, text); err != nil || !strings.Contains(found, ": 0 drifted, 0 findings") {
		t.Errorf("at once, it finds %s and error %v", found, err)
	}
	const account = "        name: quiet\n        namespace: odd\n"
	changed := strings.NewReplacer("privileged: true", "privileged: false", account, strings.ReplaceAll(account, "quiet", "quieter")).Replace(text)
	found, err := judge(t, changed)
	for _, want := range []string{"Container agent has securityContext.privileged: true", "ServiceAccount odd/quiet exists"} {
		if err == nil || !strings.Contains(found, want) {
			t.Errorf("it does not find %q, but %s and error %v", want, found, err)
		}
	}
}
