package checks

import (
	"cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "reachability",
	Title: "Reachable from where it should not be",
	Description: "A policy that is a little too wide lets in more than was meant: a whole namespace where one workload was, a block of addresses " +
		"where one address was. An attacker who is in any of these reaches the database. What all NetworkPolicies together let into the pods " +
		"is held against who was declared to reach them, for every workload of the cluster. Whether a source may send there, its own policies " +
		"say, which is not looked at: whoever controls the source's namespace could open them.",
	Remediation: "Narrow the policies that let the source in, or add it to allowedFrom in networkPolicies.reachability.",
	Severity:    v1alpha1.SeverityHigh,
	Controls:    []engine.Control{nsa("Network policies")},
	Needs:       []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies, engine.NeedSources},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.NetworkPolicies.Reachability) > 0
	},
	Run: runReachability,
})

func runReachability(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	pod := &in.Network.Pod
	for i := range in.Reachability {
		asked := &in.Reachability[i]
		if !asked.To.Select(pod) {
			continue
		}
		exposed := network.Exposed(in.Network.Policies, in.Workload.Target(), pod, asked.Ports, asked.AllowedFrom, in.Network.Sources, maxFound)
		if exposed.Verdict == network.HostNetwork || exposed.Verdict == network.Unisolated {
			return []engine.Finding{openToAll(in, asked, exposed.Verdict)} // of what is open to all, nothing else needs saying
		}
		for j := range exposed.Leaks {
			if len(findings) == maxFound {
				return append(findings, moreLeaks(in, asked))
			}
			findings = append(findings, leaked(in, asked, &exposed.Leaks[j]))
		}
		if exposed.More > 0 {
			return append(findings, moreLeaks(in, asked))
		}
	}
	return findings
}

// openToAll is the finding of pods that no policy holds.
func openToAll(in *engine.Input, asked *engine.Reachability, verdict network.Verdict) engine.Finding {
	limit := allowedOnly(in, asked)
	if verdict == network.HostNetwork {
		return onHost(in, asked.Allowed, "everything that reaches the node may reach them"+limit)
	}
	return engine.Finding{
		Path: besidePods(&in.Workload, nil), Value: everything, Expected: asked.Allowed, Actual: "selected by no NetworkPolicy for ingress",
		Message: "No NetworkPolicy in namespace " + in.Network.Pod.Namespace + " selects the pods for ingress, so that everything may reach them" +
			limit,
		Remediation: "Create a NetworkPolicy that selects the pods, and allow in it what the baseline allows.",
	}
}

// leaked is the finding of one source.
func leaked(in *engine.Input, asked *engine.Reachability, leak *network.Leak) engine.Finding {
	source := leak.Source.String()
	who := source
	if leak.Source == (workload.Ref{}) {
		source = blocksOf(leak)
		who = "whoever is at " + source
	}
	return engine.Finding{
		Path: besidePods(&in.Workload, &leak.By), Value: cmp.Or(leak.Block, source), Expected: asked.Allowed, Actual: source + " on " + leak.Port.String(),
		Message: leak.By.String() + " lets " + who + " reach the pods on " + leak.Port.String() +
			allowedOnly(in, asked),
	}
}

// moreLeaks stands for all sources past the bound, so that no exception for those that are shown waives them.
func moreLeaks(in *engine.Input, asked *engine.Reachability) engine.Finding {
	return engine.Finding{
		Path: besidePods(&in.Workload, nil), Value: furtherOnes, Expected: asked.Allowed, Actual: "more sources than are shown",
		Message: "More sources than are shown may reach the pods" + allowedOnly(in, asked),
	}
}

// allowedOnly ends a sentence with who may reach the pods.
func allowedOnly(in *engine.Input, asked *engine.Reachability) string {
	if len(asked.AllowedFrom) == 0 {
		return "; baseline " + in.Baseline + " allows nobody."
	}
	return "; baseline " + in.Baseline + " allows nobody but " + asked.Allowed + "."
}

func blocksOf(leak *network.Leak) string {
	texts := make([]string, len(leak.Beyond))
	for i, block := range leak.Beyond {
		texts[i] = block.String()
	}
	if leak.Further {
		return join(texts) + " and more"
	}
	return join(texts)
}
