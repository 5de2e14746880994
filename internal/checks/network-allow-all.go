package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "network-allow-all",
	Title: "NetworkPolicy that allows everything",
	Description: "Policies only ever add to what is allowed. One rule that names neither peers nor ports makes what all other policies in the " +
		"namespace say about the same pods in the same direction void. Whoever looks at them alone takes the pods for protected. It counts what " +
		"the rules of the policy open together: most ports of TCP or UDP, to everybody or to the internet, however that is spelled.",
	Remediation: "Name in the rule the peers and ports that are needed, or remove it.",
	Severity:    v1alpha1.SeverityMedium,
	Controls:    []engine.Control{nsa("Network policies")},
	Judges:      workload.Policies,
	Needs:       []engine.Need{engine.NeedNetwork},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.AllowAll == v1alpha1.RuleForbidden
	},
	Run: runNetworkAllowAll,
})

func runNetworkAllowAll(in *engine.Input) []engine.Finding {
	return append(allowedAll(in, network.Ingress, "in"), allowedAll(in, network.Egress, "out")...)
}

// allowedAll finds what of a policy lets everything in or out.
func allowedAll(in *engine.Input, d network.Direction, where string) []engine.Finding {
	policy := in.Policy
	all := policy.AllowAll(d)
	var findings []engine.Finding
	for _, by := range network.Distinct(all.By) {
		f := engine.Finding{Path: by.Field(), Value: opened(by), Expected: "the peers and ports that are needed"}
		why := openedWide(by)
		if all.Together {
			why += ", which with the other rules is next to everything"
		}
		if len(findings) == maxFound {
			f.Value, why = furtherOnes, "more rules than are shown restrict neither peers nor ports"
		}
		f.Actual = f.Value
		f.Message = policy.String() + " lets everything " + where + ": " + why + "; baseline " + in.Baseline + " forbids it."
		if findings = append(findings, f); len(findings) > maxFound {
			break
		}
	}
	return findings
}

// openedWide says what an opening is, and on which ports.
func openedWide(by network.Opening) string {
	const every = "every port"
	ports := by.Ports()
	switch block, is := by.CIDR(); {
	case is:
		return by.Path() + " is " + block.String() + " on " + ports
	case ports == every:
		return by.Path() + " restricts neither peers nor ports"
	}
	return by.Path() + " restricts no peers on " + ports
}
