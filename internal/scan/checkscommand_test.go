package scan_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/scan"
)

func TestChecksPrintsAllChecks(t *testing.T) {
	got := call(t, scan.NewChecksCommand(options()), "")
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if len(lines) != len(checks.All())+1 || !strings.HasPrefix(lines[0], "CHECK") {
		t.Errorf("%d lines:\n%s%s", len(lines), got.stdout, got.stderr)
	}
}

func TestChecksPrintsThePageOfTheDocs(t *testing.T) {
	got := call(t, scan.NewChecksCommand(options()), "", "-o", "markdown")
	page, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), got.stdout); diff != "" {
		t.Errorf("run make generate (-docs +printed):\n%s", diff)
	}
}

func TestChecksPrintsEachCheckAsJSON(t *testing.T) {
	var all []struct {
		ID, Title, Severity, Description, Remediation, Declaration string
		Judges                                                     []string
		Fails, Passes                                              struct{ Shown, Message string }
	}
	got := call(t, scan.NewChecksCommand(options()), "", "-o", "json")
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, text := range []string{c.ID, c.Title, c.Severity, c.Description, c.Remediation, c.Declaration, c.Fails.Shown, c.Fails.Message, c.Passes.Shown} {
			if text == "" {
				t.Errorf("%s lacks something: %+v", c.ID, c)
			}
		}
		if len(c.Judges) == 0 {
			t.Errorf("%s judges nothing", c.ID)
		}
	}
}

func TestChecksPrintsOneCheck(t *testing.T) {
	for _, format := range []string{"table", "json", "markdown"} {
		golden(t, "privileged."+format, call(t, scan.NewChecksCommand(options()), "", "privileged", "-o", format).stdout)
	}
	for name, args := range map[string][]string{
		"there is no check priviledged":        {"priviledged"},
		"--output yaml: must be table":         {"-o", "yaml"},
		"accepts at most 1 arg(s), received 2": {"a", "b"},
	} {
		if got := call(t, scan.NewChecksCommand(options()), "", args...); got.code != 2 || !strings.Contains(got.stderr, name) {
			t.Errorf("%v: code %d, %s", args, got.code, got.stderr)
		}
	}
}

func TestFlagsAreCompleted(t *testing.T) {
	for want, args := range map[string][]string{
		"sarif\n":    {"__complete", "-o", ""},
		"hardened\n": {"__complete", "--preset", ""},
		"Critical\n": {"__complete", "--fail-on", ""},
	} {
		got := call(t, scan.NewScanCommand(options()), "", args...)
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%v completes to %s", args, got.stdout)
		}
	}
	if got := call(t, scan.NewChecksCommand(options()), "", "__complete", ""); !strings.Contains(got.stdout, "host-pid\n") {
		t.Errorf("checks completes to %s", got.stdout)
	}
}
