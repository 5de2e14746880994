package scan_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	testclock "k8s.io/utils/clock/testing"

	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/scan"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func options() scan.Options {
	return scan.Options{Checks: checks.All(), Version: "v0.0.0-test", Clock: testclock.NewFakePassiveClock(now)}
}

// outcome is what a call printed, and how it ended. An error that the program would print is in stderr.
type outcome struct {
	stdout, stderr string
	code           int
}

func scanned(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	return call(t, scan.NewScanCommand(options()), stdin, args...)
}

func call(t *testing.T, command *cobra.Command, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.SetIn(strings.NewReader(stdin))
	command.SetOut(&stdout)
	command.SetErr(&stderr)
	command.SetArgs(args)
	err := command.ExecuteContext(t.Context())
	got := outcome{stdout: stdout.String(), stderr: stderr.String()}
	var code scan.ExitCode
	switch {
	case errors.As(err, &code):
		got.code = int(code)
	case err != nil:
		got.code, got.stderr = int(scan.ExitBadInput), got.stderr+err.Error()
	}
	return got
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it:\n%s", file, diff)
	}
}

func TestOutputs(t *testing.T) {
	for _, format := range []string{"table", "json", "yaml", "sarif", "junit", "github"} {
		t.Run(format+" of what has drifted and what cannot be read", func(t *testing.T) {
			got := scanned(t, "", "-b", "testdata/baseline.yaml", "-o", format, "testdata/shop", "testdata/bad")
			golden(t, "all."+format, got.stdout)
			if format == "yaml" {
				golden(t, "all.yaml.stderr", got.stderr)
			} else if got.stderr != "" {
				t.Errorf("on stderr: %s", got.stderr)
			}
			if got.code != 2 {
				t.Errorf("code %d, want 2", got.code)
			}
		})
	}
	for _, format := range []string{"table", "json", "sarif", "junit", "github"} {
		t.Run(format+" of two trees", func(t *testing.T) {
			got := scanned(t, "", "-b", "testdata/baseline.yaml", "-o", format, "--compare", "testdata/before", "testdata/after")
			golden(t, "compare."+format, got.stdout)
			if got.code != 1 {
				t.Errorf("code %d, want 1: %s", got.code, got.stderr)
			}
		})
	}
}

const cleanPod = `apiVersion: v1
kind: Pod
metadata: {namespace: shop, name: clean}
spec:
  automountServiceAccountToken: false
  containers: [{name: app, image: "registry.example.com/shop/clean:1.0"}]
`

func TestExitCodes(t *testing.T) {
	strict := []string{"-b", "testdata/baseline.yaml"}
	for name, test := range map[string]struct {
		args   []string
		stdin  string
		code   int
		stderr string
	}{
		"what is clean":                             {args: []string{"-"}, stdin: cleanPod, code: 0},
		"what has drifted":                          {args: []string{"testdata/shop"}, code: 1},
		"drift at the severity that is asked for":   {args: []string{"--fail-on", "critical", "testdata/shop/api.yaml"}, code: 1},
		"drift below it":                            {args: []string{"--fail-on", "Critical", "testdata/shop/rbac.yaml"}, code: 0},
		"what cannot be read":                       {args: []string{"testdata/bad"}, code: 2},
		"what cannot be read, skipped":              {args: []string{"--skip-invalid", "testdata/bad"}, code: 0},
		"what cannot be read, skipped, among drift": {args: []string{"--skip-invalid", "testdata/bad", "testdata/shop"}, code: 1},
		"what cannot be read alone, skipped":        {args: []string{"--skip-invalid", "testdata/bad/broken.yaml"}, code: 2},
		"a file that is not there":                  {args: []string{"testdata/none.yaml"}, code: 2},
		"nothing that is judged": {
			args: []string{"-"}, stdin: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", code: 2,
			stderr: "nothing was judged: there is no object of a kind that Plumbline judges",
		},
		"an empty directory":                  {args: []string{"testdata/empty"}, code: 2},
		"without paths":                       {code: 2, stderr: "nothing to scan"},
		"a cluster and paths":                 {args: []string{"--cluster", "a"}, code: 2, stderr: "--cluster reads a cluster, and takes no paths"},
		"a cluster and a tree":                {args: []string{"--cluster", "--compare", "a"}, code: 2, stderr: "leave out --cluster"},
		"reports and a tree":                  {args: []string{"-o", "yaml", "--compare", "a", "b"}, code: 2, stderr: "leave out --compare"},
		"a format there is not":               {args: []string{"-o", "toml", "testdata/shop"}, code: 2, stderr: "--output toml: must be table, json"},
		"a severity there isn't":              {args: []string{"--fail-on", "Dire", "testdata/shop"}, code: 2, stderr: "--fail-on Dire: must be Critical"},
		"a preset there is not":               {args: []string{"--preset", "soft", "testdata/shop"}, code: 2, stderr: "there is no preset soft; the presets are: cis-section-5, hardened"},
		"a comparison in which nothing opens": {args: []string{"--compare", "testdata/after", "testdata/after"}, code: 0},
		"a comparison with what is not there": {args: []string{"--compare", "testdata/none", "testdata/after"}, code: 2},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanned(t, test.stdin, append(strict[:2:2], test.args...)...)
			if got.code != test.code || !strings.Contains(got.stderr, test.stderr) {
				t.Errorf("code %d, %q, want %d, %q; printed:\n%s", got.code, got.stderr, test.code, test.stderr, got.stdout)
			}
		})
	}
}

func TestEveryPresetJudges(t *testing.T) {
	want := []string{"cis-section-5", "hardened", "pss-baseline", "pss-restricted"}
	if diff := cmp.Diff(want, scan.Presets()); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range want {
		got := scanned(t, "", "--preset", name, "-o", "json", "testdata/shop")
		if got.code != 1 || !strings.Contains(got.stdout, `"baseline": "`+name+`"`) {
			t.Errorf("%s: code %d: %s", name, got.code, got.stderr)
		}
	}
}

func TestWhatStandsInFilesCannotSteerATerminal(t *testing.T) {
	hostile := strings.ReplaceAll(cleanPod, "name: clean", `name: "a\e[2J\nok"`)
	for _, format := range []string{"table", "github", "junit"} {
		got := scanned(t, hostile, "--preset", "pss-restricted", "-o", format, "-")
		if strings.Contains(got.stdout, "\x1b") || strings.Contains(got.stdout, "\nok") {
			t.Errorf("%s:\n%q", format, got.stdout)
		}
		if !strings.Contains(got.stdout, `a\x1b[2J\nok`) {
			t.Errorf("%s does not name the object:\n%s", format, got.stdout)
		}
	}
}
