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
	sections := sectionsOf(string(data))
	all := checks.All()
	if len(sections) != len(all)+1 { // and that of the Pod Security Standards
		t.Fatalf("%d sections for %d checks", len(sections), len(all))
	}
	for _, check := range all {
		wanted := []string{
			check.Title, check.Description, check.Remediation, "\nspec:\n  ", "\nFails:\n", "\nPasses:\n", "baseline production",
		}
		for _, control := range check.Controls {
			wanted = append(wanted, control.Standard+": "+control.Rule)
		}
		for _, want := range wanted {
			if !strings.Contains(sections[check.ID], want) {
				t.Errorf("%s does not say %q", check.ID, want)
			}
		}
	}
	for _, row := range []string{
		"| [privileged](#privileged) | v1.0 | v1.0 |", "| [privilege-escalation](#privilege-escalation) |  | v1.8 |",
		"| [dropped-capability](#dropped-capability) |  | v1.22 |", "| [host-probe](#host-probe) | v1.34 | v1.34 |",
	} {
		if !strings.Contains(sections["Pod Security Standards"], row) {
			t.Errorf("the table of the standards has no row\n%s", row)
		}
	}
	if strings.Contains(sections["Pod Security Standards"], "image-tag") {
		t.Error("the table of the standards has a check that no level asks for")
	}
}

// sectionsOf splits a page by its headings.
func sectionsOf(page string) map[string]string {
	sections := map[string]string{}
	for _, section := range strings.Split(page, "\n## ")[1:] {
		heading, _, _ := strings.Cut(section, "\n")
		sections[heading] = section
	}
	return sections
}

func TestADeclarationIsEveryFieldThatAsksForTheCheckByItself(t *testing.T) {
	sample := map[string]any{
		"suspend": true,
		"workloads": map[string]any{
			"hostPID":      "Forbidden",
			"capabilities": map[string]any{"requiredDrop": []any{"ALL"}, "allowedAdd": []any{"NET_RAW"}},
			"seLinux":      map[string]any{"allowedUsers": []any{}, "allowedTypes": []any{"container_t"}},
		},
	}
	for name, test := range map[string]struct {
		declared func(*v1alpha1.Workloads) bool
		want     string
	}{
		"one of the two fields of a rule": {
			func(w *v1alpha1.Workloads) bool { return w.Capabilities.AllowedAdd != nil },
			"spec:\n  workloads:\n    capabilities:\n      allowedAdd:\n      - NET_RAW\n",
		},
		"both fields of a rule": {
			func(w *v1alpha1.Workloads) bool {
				return w.SELinux.AllowedUsers != nil || w.SELinux.AllowedTypes != nil
			},
			"spec:\n  workloads:\n    seLinux:\n      allowedTypes:\n      - container_t\n      allowedUsers: []\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := declarationOf(checkDeclaredBy(test.declared), sample)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, err := declarationOf(checkDeclaredBy(func(*v1alpha1.Workloads) bool { return false }), sample)
	if err == nil || !strings.Contains(err.Error(), "no single field asks for the check c") {
		t.Error(err)
	}
}

func checkDeclaredBy(declared func(*v1alpha1.Workloads) bool) engine.Check {
	return engine.Check{ID: "c", Declared: func(spec *v1alpha1.SecurityBaselineSpec) bool { return declared(&spec.Workloads) }}
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
