package scan_test

import (
	"strings"
	"testing"
)

// A policy that an API server refuses switches the network checks of its namespace off, and must not turn a scan green.
func TestANetworkPolicyThatAnAPIServerRefusesIsAnError(t *testing.T) {
	const head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: shop, name: bad}\nspec:\n  podSelector: {}\n"
	for name, test := range map[string]struct {
		policy string
		line   int
		says   string
	}{
		"a range there is not": {head + "  ingress:\n  - from:\n    - ipBlock:\n        cidr: 10.0.0.0/33\n", 9, `"10.0.0.0/33" is not a range`},
		"a port there is not":  {head + "  egress:\n  - ports:\n    - port: 53\n    - port: 70000\n", 9, "70000 is not a port"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOf(t, map[string]string{"bad.yaml": test.policy, "all.yaml": isolation + "---\n" + deployment})
			results := resultsOf(t, scanned(t, "", "-o", "json", tree))
			if len(results.Errors) != 1 || results.Errors[0].Source.Line != test.line || !strings.HasSuffix(results.Errors[0].Source.File, "bad.yaml") ||
				!strings.Contains(results.Errors[0].Message, test.says) {
				t.Errorf("%+v, want %q on line %d", results.Errors, test.says, test.line)
			}
			if _, missed := checksOf(results); !strings.Contains(strings.Join(missed, " "), "isolation-ingress on Deployment api") {
				t.Errorf("not evaluated: %v", missed)
			}
			if got := scanned(t, "", tree); got.code != 2 {
				t.Errorf("it ends with %d", got.code)
			}
			if got := scanned(t, "", "--skip-invalid", tree); got.code != 0 {
				t.Errorf("skipped, it ends with %d", got.code)
			}
		})
	}
}
