package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
)

func TestThePageOfChecksSaysAllThatIsKnownOfEach(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	file := filepath.Join(t.TempDir(), "page.md")
	if err := run([]string{"checks"}, file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "\n## ")
	sections := strings.Split(text, "\n## ")
	all := checks.All()
	if len(sections) != len(all) {
		t.Fatalf("%d sections for %d checks", len(sections), len(all))
	}
	for i, check := range all {
		wanted := []string{check.Title, check.Description, check.Remediation, "\n  workloads:\n"}
		for _, control := range check.Controls {
			wanted = append(wanted, control.Standard+": "+control.Rule)
		}
		if !strings.HasPrefix(sections[i], check.ID+"\n") {
			t.Errorf("%s has no section of its own", check.ID)
		}
		for _, want := range wanted {
			if !strings.Contains(sections[i], want) {
				t.Errorf("%s does not say %q", check.ID, want)
			}
		}
	}
}

func TestADeclarationIsTheOneFieldThatAsksForTheCheck(t *testing.T) {
	check := engine.Check{ID: "c", Declared: func(spec *v1alpha1.SecurityBaselineSpec) bool {
		return spec.Workloads.Capabilities.AllowedAdd != nil
	}}
	sample := map[string]any{
		"suspend": true,
		"workloads": map[string]any{
			"hostPID":      "Forbidden",
			"capabilities": map[string]any{"requiredDrop": []any{"ALL"}, "allowedAdd": []any{"NET_RAW"}},
		},
	}
	got, err := declarationOf(check, sample)
	if err != nil {
		t.Fatal(err)
	}
	want := "spec:\n  workloads:\n    capabilities:\n      allowedAdd:\n      - NET_RAW\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	delete(sample, "workloads")
	if _, err := declarationOf(check, sample); err == nil || !strings.Contains(err.Error(), "no single field asks for the check c") {
		t.Error(err)
	}
}

func TestAWrongCallSaysWhatIsRight(t *testing.T) {
	for name, test := range map[string]struct {
		pages  []string
		output string
		want   string
	}{
		"a page that is not known":      {pages: []string{"cheks"}, want: `there is no page "cheks"; the pages are: checks`},
		"one file without a page":       {output: "page.md", want: "-o takes exactly one page, not 0"},
		"one file for more than a page": {pages: []string{"checks", "checks"}, output: "page.md", want: "-o takes exactly one page, not 2"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(test.pages, test.output); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
