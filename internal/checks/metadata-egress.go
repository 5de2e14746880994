package checks

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
)

var _ = register(engine.Check{
	ID:    "metadata-egress",
	Title: "Egress to the metadata of the cloud",
	Description: "At 169.254.169.254 and fd00:ec2::254, port 80, clouds hand out to whoever asks from a machine the credentials of that machine. " +
		"A request that an attacker makes any pod send gives him what the node may do in the cloud, which is often enough to take over the " +
		"cluster. What counts is what all NetworkPolicies together open.",
	Remediation: "Restrict the egress of the pods, and put 169.254.169.254/32 and fd00:ec2::254/128 under except of every larger block.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		nsa("Network policies"),
		nsa("Protecting sensitive cloud infrastructure"),
	},
	Needs: []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.MetadataEgress == v1alpha1.RuleForbidden
	},
	Run: runMetadataEgress,
})

var (
	metadataAddresses = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}
	metadataPort      = network.Port{Protocol: corev1.ProtocolTCP, Number: 80}
)

func runMetadataEgress(in *engine.Input) []engine.Finding {
	const expected = "no way to the metadata of the cloud"
	var findings []engine.Finding
	for i, addr := range metadataAddresses {
		reach := network.Reaches(in.Network.Policies, &in.Network.Pod, addr, metadataPort)
		if f, open := unheld(in, reach.Verdict, expected, "the metadata of the cloud"); open {
			return f
		}
		for _, by := range reach.By {
			if i > 0 && by.Peer == network.NoPeer {
				continue // a rule without peers opens both, and was found already
			}
			f := engine.Finding{
				Path: besidePods(&in.Workload, &by), Value: opened(by), Expected: expected, Remediation: closing(addr, by),
			}
			how := by.String()
			if len(findings) == maxFound {
				f.Path, f.Value, f.Remediation = besidePods(&in.Workload, nil), furtherOnes, ""
				how = "more rules than are shown"
			}
			f.Actual = f.Value
			f.Message = "The pods may reach the metadata of the cloud at " + addr.String() + " through " + how + ", which baseline " + in.Baseline + " forbids."
			if findings = append(findings, f); len(findings) > maxFound {
				return findings
			}
		}
	}
	return findings
}

// closing says what to do about a rule. What is left out of a block must be smaller than the block.
func closing(addr netip.Addr, by network.Opening) string {
	only := netip.PrefixFrom(addr, addr.BitLen())
	switch block, is := by.CIDR(); {
	case !is:
		return "Name in " + by.String() + " the peers that the pods need."
	case block == only:
		return "Remove " + by.String() + "."
	}
	return "Put " + only.String() + " under except of " + by.String() + ", or restrict it to the addresses that the pods need."
}
