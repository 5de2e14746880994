package checks

import (
	"strconv"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
)

var _ = register(engine.Check{
	ID:    "internet-egress",
	Title: "Egress to the internet",
	Description: "Pods that may reach the internet at large let an attacker fetch his tools, take orders from outside, and send out what he " +
		"finds. What counts is what all NetworkPolicies together open: 0.0.0.0/0 and ::/0, the same without the private ranges, and many " +
		"smaller blocks beside each other. The addresses of a partner or of one provider are not the internet.",
	Remediation: "Restrict the egress of the pods to the addresses that they need, or send it through a proxy.",
	Severity:    v1alpha1.SeverityMedium,
	Controls:    []engine.Control{nsa("Network policies")},
	Needs:       []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.NetworkPolicies.InternetEgress == v1alpha1.RuleForbidden
	},
	Run: runInternetEgress,
})

func runInternetEgress(in *engine.Input) []engine.Finding {
	const expected = "no way to the internet"
	reach := network.Internet(in.Network.Policies, &in.Network.Pod)
	if f, open := unheld(in, reach.Verdict, expected, "the internet"); open {
		return f
	}
	var findings []engine.Finding
	for i, by := range reach.By {
		f := engine.Finding{
			Path: besidePods(&in.Workload, &by), Value: opened(by), Expected: expected,
			Remediation: "Restrict " + by.String() + " to the addresses that the pods need.",
		}
		how := by.String()
		if reach.Together {
			how += " together with " + strconv.Itoa(len(reach.By)-1) + " more"
		}
		if i == maxFound {
			f.Path, f.Value, f.Remediation = besidePods(&in.Workload, nil), furtherOnes, ""
			how = "more rules than are shown"
		}
		f.Actual = f.Value
		f.Message = "The pods may reach the internet through " + how + ", which baseline " + in.Baseline + " forbids."
		if findings = append(findings, f); i == maxFound {
			break
		}
	}
	return findings
}
