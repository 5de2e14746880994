package checks

import (
	"strconv"
	"strings"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

const (
	// aroundPods is the path of what stands in no object that is judged: the NetworkPolicies of the namespace.
	aroundPods = "networkpolicies"

	// everything is the value of a rule that names no peer.
	everything = network.Everybody

	// maxNamed bounds the policies that a sentence names.
	maxNamed = 3
)

// besidePods returns the path of what the NetworkPolicies around a workload say: of what a policy opens, the list of rules, because
// which rule of it may change without any change in what is open. Objects that an owner has several of at once are told apart as
// in all other paths.
func besidePods(w *workload.Workload, by *network.Opening) string {
	path := aroundPods
	if object, _, several := strings.Cut(w.PodPath, "]."); several {
		path = object + "]." + path
	}
	if by == nil {
		return path
	}
	return path + "[" + by.Policy.Ref.Name + "]." + by.Field()
}

// opened puts what an opening lets through into a value: a block of addresses, or everything.
func opened(by network.Opening) string {
	if cidr, is := by.CIDR(); is {
		return cidr.String()
	}
	return everything
}

// onHost is the finding of pods that no NetworkPolicy holds, whatever it says.
func onHost(in *engine.Input, expected, message string) engine.Finding {
	return engine.Finding{
		Path: in.Workload.Path("hostNetwork"), Value: "true", Expected: expected, Actual: "the network of the node",
		Message: "The pods share the network of their node, where NetworkPolicies have no effect: " + message,
		Remediation: "Remove hostNetwork from the pod spec or set it to false; where the pods need the network of the node, control its " +
			"traffic there.",
	}
}

// unheld finds egress that no policy holds, and says whether that is so.
func unheld(in *engine.Input, verdict network.Verdict, expected, goal string) (found []engine.Finding, open bool) {
	switch verdict {
	case network.HostNetwork:
		return []engine.Finding{onHost(in, expected, "they may reach "+goal+" as far as the node does, which baseline "+in.Baseline+" forbids.")}, true
	case network.Unisolated:
		return []engine.Finding{{
			Path: besidePods(&in.Workload, nil), Value: none, Expected: expected, Actual: "selected by no NetworkPolicy for egress",
			Message: "No NetworkPolicy in namespace " + in.Network.Pod.Namespace + " selects the pods for egress, so that they may reach " + goal +
				", which baseline " + in.Baseline + " forbids.",
		}}, true
	case network.Denied, network.Allowed:
	}
	return nil, false
}

// few names the first of many.
func few(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		return join(names[:maxNamed]) + " and " + strconv.Itoa(more) + " more"
	}
	return join(names)
}
