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
		"namespace say about the same pods in the same direction void. Whoever looks at them alone takes the pods for protected. The same comes " +
		"as the block 0.0.0.0/0 or ::/0 on every port, or as several blocks that together are all addresses of a family.",
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
	for _, by := range all {
		f := engine.Finding{Path: by.Path(), Value: opened(by), Expected: "the peers and ports that are needed"}
		why := by.Path() + " restricts neither peers nor ports"
		if block, is := by.CIDR(); is {
			why = by.Path() + " is " + block.String() + " on every port"
			if blocks(all) > 1 {
				why += ", which with the other blocks is every address of its family"
			}
		}
		if len(findings) == maxFound {
			f.Path, f.Value, why = "spec."+d.String(), furtherOnes, "more rules than are shown restrict neither peers nor ports"
		}
		f.Actual = f.Value
		f.Message = policy.String() + " lets everything " + where + ": " + why + "; baseline " + in.Baseline + " forbids it."
		if findings = append(findings, f); len(findings) > maxFound {
			break
		}
	}
	return findings
}

// blocks counts the openings that are blocks of addresses.
func blocks(all []network.Opening) int {
	n := 0
	for _, by := range all {
		if _, is := by.CIDR(); is {
			n++
		}
	}
	return n
}
