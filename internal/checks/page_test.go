package checks_test

import (
	"path/filepath"
	"testing"

	"plumbline.dev/plumbline/internal/checks"
)

// docs/checks.md shows a pod that fails and one that passes for each check, from its case example.yaml.
func TestEveryCheckHasAnExampleForItsPage(t *testing.T) {
	found := map[string]bool{}
	for _, e := range examples(t) {
		if filepath.Base(e.file) != "example.yaml" {
			continue
		}
		found[e.check.ID] = true
		inputs := e.inputs(t)
		if len(inputs) < 2 || !e.declared() || len(e.run(t, inputs[0])) == 0 || len(e.run(t, inputs[1])) != 0 {
			t.Errorf("%s must hold a baseline, an object that fails and an object that passes, then what surrounds them", e.file)
		}
	}
	for _, check := range checks.All() {
		if !found[check.ID] {
			t.Errorf("testdata/%s/example.yaml is missing", check.ID)
		}
	}
}
