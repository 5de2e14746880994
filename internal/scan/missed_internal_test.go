package scan

import (
	"bytes"
	"strings"
	"testing"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// A scan of a cluster that saw little must not look clean in any format.
func TestEveryFormatTellsWhatWasNotSeen(t *testing.T) {
	r := &Results{
		Summary: Summary{Objects: 1, Unreadable: []UnreadableKind{{"roles", "you may not list roles"}}},
		Results: []Result{{
			Target:       v1alpha1.TargetReference{Kind: "Pod", Namespace: "shop", Name: "api"},
			NotEvaluated: []NotEvaluated{{Check: "rbac-secrets", Baseline: "all", Reason: "you may not look"}},
		}},
	}
	for format, want := range map[string][]string{
		formatTable:  {"not evaluated: roles: you may not list roles", "not evaluated: rbac-secrets on 1 object: you may not look"},
		formatYAML:   {"not evaluated: roles: you may not list roles", "not evaluated: rbac-secrets on 1 object: you may not look"},
		formatJSON:   {`"resource": "roles"`, `"check": "rbac-secrets"`},
		formatSARIF:  {`"level": "warning"`, "not evaluated: roles: you may not list roles", "not evaluated on Pod shop/api: rbac-secrets"},
		formatJUnit:  {`name="list roles"`, `<skipped message="you may not list roles"`, "not evaluated: rbac-secrets of baseline all"},
		formatGitHub: {"::warning title=not evaluated::roles: you may not list roles", "::notice title=not evaluated::rbac-secrets on 1 object: you may not look"},
	} {
		var out bytes.Buffer
		q := &request{format: format, failOn: "Low", stdout: &out, stderr: &out}
		if err := q.print(r); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s does not say %s:\n%s", format, text, out.String())
			}
		}
	}
}
