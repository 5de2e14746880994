package checks

import (
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
)

// judgeDefaultDeny finds a namespace whose next pod would be open in a direction.
func judgeDefaultDeny(in *engine.Input, d network.Direction) []engine.Finding {
	guard := network.DefaultDeny(in.Namespace.Policies, d)
	if guard.Denies() {
		return nil
	}
	f := engine.Finding{
		Path: aroundPods, Value: none, Actual: none,
		Expected: "a NetworkPolicy that selects all pods for " + d.String() + " and does not let everything through",
	}
	var why string
	if guard.By == nil {
		why = "no NetworkPolicy selects all its pods for " + d.String()
		if narrow := narrower(in.Namespace.Policies, d); len(narrow) > 0 {
			f.Actual = "NetworkPolicies for some pods: " + few(narrow)
			why += ", and those that select some (" + few(narrow) + ") leave the next pod open"
		}
	} else {
		var by []string
		whom := "all its pods"
		for _, o := range guard.Undone {
			by = append(by, o.String())
			if !o.Policy.SelectsAll() {
				whom = "the next pod" // by a selector that hardly any pod escapes
			}
		}
		f.Actual = few(by)
		why = "what selects " + whom + " lets everything through (" + few(by) + ")"
		f.Remediation = "Restrict " + few(by) + " to the peers and ports that are needed, or remove the rule."
	}
	f.Message = "Namespace " + in.Namespace.Ref.Name + " has no default deny for " + d.String() + ": " + why + "; baseline " + in.Baseline +
		" requires one."
	return []engine.Finding{f}
}

// narrower names the policies that isolate some pods of the namespace in the direction.
func narrower(policies []*network.Policy, d network.Direction) []string {
	var names []string
	for _, policy := range policies {
		if policy.Isolates(d) {
			names = append(names, policy.Ref.Name)
		}
	}
	return names
}

// judgeIsolation finds pods that no policy selects in a direction; open says what that means.
func judgeIsolation(in *engine.Input, d network.Direction, open string) []engine.Finding {
	pod := &in.Network.Pod
	if network.Isolated(in.Network.Policies, pod, d) {
		return nil
	}
	expected := "selected by a NetworkPolicy for " + d.String()
	if pod.HostNetwork {
		return []engine.Finding{onHost(in, expected, open+"; baseline "+in.Baseline+" requires isolation for "+d.String()+".")}
	}
	return []engine.Finding{{
		Path: besidePods(&in.Workload, nil), Value: none, Expected: expected, Actual: "selected by " + none,
		Message: "No NetworkPolicy in namespace " + pod.Namespace + " selects the pods for " + d.String() + ", so that " + open + "; baseline " +
			in.Baseline + " requires isolation.",
	}}
}
