// Package engine judges: it runs checks on what it is given and says what they found. It is pure. It reads no
// clock, no cluster and no configuration, and it never changes what it is given.
package engine

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Finding is what a check reports. A check fills in what it saw (Container, Path, Value, Expected, Actual, Message,
// and Remediation where the check's own is too general); the engine stamps the rest.
type Finding = v1alpha1.Finding

// Check is one rule: its documentation, and a pure function that applies it.
type Check struct {
	// ID is the name of the check everywhere: in findings, metrics, docs and file names. Kebab-case, never reused.
	ID string
	// Title says in a few words what the check finds.
	Title string
	// Description says what an attacker gains from what the check finds.
	Description string
	// Remediation says what to do about a finding. It ends in a period.
	Remediation string
	// Severity of every finding of the check.
	Severity v1alpha1.Severity
	// Controls are the rules of published standards that the check answers to.
	Controls []Control
	// Judges are the classes of objects that the check judges. Default: workload.Pods.
	Judges workload.Class
	// Needs are the facts beyond the target that the check looks at. If one could not be read, the check is not run.
	Needs []Need
	// Loses says what a target that the check finds something on has no more, where somebody deleted it, such as "default deny
	// for ingress". Default: nothing that could be deleted.
	Loses string
	// Declared says whether a baseline asks for the check.
	Declared func(*v1alpha1.SecurityBaselineSpec) bool
	// Run applies the check. It must not change the input, and returns nil when there is nothing to find.
	Run func(*Input) []Finding
}

// IDs returns the IDs of checks.
func IDs(checks []Check) []string {
	ids := make([]string, len(checks))
	for i := range checks {
		ids[i] = checks[i].ID
	}
	return ids
}

// Control is a rule of a published standard, by its text and version: numbers move between versions.
type Control struct {
	// Standard is the name and version of the standard.
	Standard string
	// Rule is the number, where it has one, and the text of the rule.
	Rule string
}

// Need is a fact beyond the target.
type Need string

const (
	// NeedServiceAccount is the ServiceAccount that the pods of the target run as.
	NeedServiceAccount Need = "ServiceAccount"
	// NeedRBAC is the roles and bindings of the cluster.
	NeedRBAC Need = "roles and bindings"
	// NeedServiceAccounts is which ServiceAccounts there are.
	NeedServiceAccounts Need = "ServiceAccounts"
	// NeedNetwork is the NetworkPolicies of the namespace.
	NeedNetwork Need = "NetworkPolicies"
	// NeedNoOtherPolicies is that nothing but NetworkPolicies decides what gets through: where policies of another engine
	// may select what is judged, what NetworkPolicies say is not all.
	NeedNoOtherPolicies Need = "what policies of other engines make of it"
	// NeedNamespace is the labels of the namespace.
	NeedNamespace Need = "its Namespace"
	// NeedBefore is how what is judged came to be as it is: only who watched it knows.
	NeedBefore Need = "how it was before"
	// NeedWorkloads is the workloads of the namespace, or of the cluster.
	NeedWorkloads Need = "workloads"
	// NeedLive is the object itself, of a kind that is not kept in a cache.
	NeedLive Need = "it"
	// NeedRunningPods is the pods that run of the workload.
	NeedRunningPods Need = "running pods"
	// NeedSources is all workloads of the cluster as senders of traffic.
	NeedSources Need = "the workloads of the cluster"
)

// For says whether the check judges every object of a class.
func (c *Check) For(class workload.Class) bool {
	if c.Judges == workload.Any {
		return false
	}
	judges := c.Judges
	if judges == 0 {
		judges = workload.Pods
	}
	return judges&class != 0
}

// ServiceAccount is what is judged of the ServiceAccount of a workload.
type ServiceAccount struct {
	// Automount is its automountServiceAccountToken; nil when it is not set, and when there is no such ServiceAccount: no
	// pod starts without one, so that a new one, which sets nothing, is what pods will run as.
	Automount *bool
}

// Input is what a check sees: one object, and one baseline that covers it.
type Input struct {
	// Workload is the object to judge where it is a workload, and Other where it is none.
	Workload workload.Workload
	Other
	// Baseline is the name of the baseline, and Declared what it declares, by itself or through a Pod Security Standard.
	Baseline string
	Declared *v1alpha1.SecurityBaselineSpec
	// Reading is how what is declared is to be read.
	Reading podsecurity.Reading
	// Reachability is what the baseline says of who may reach workloads.
	Reachability []Reachability
	// Pin is how the baseline declares the object; nil when it does not. Closed says that the object may only exist if it is
	// declared.
	Pin    *pinned.Pin
	Closed bool
	// InScope says whether the baseline covers a namespace, and Last is what the last report of the object lists. Both are
	// set where a guardrail is judged.
	InScope func(namespace string) bool
	Last    []Finding
	// Severities are the severities of findings by check, where the baseline sets another than the check's own.
	Severities map[string]v1alpha1.Severity
	// ServiceAccount is what is known under NeedServiceAccount.
	ServiceAccount ServiceAccount
	// Grants are what gives the ServiceAccount of a workload permissions, under NeedRBAC.
	Grants []rbac.Grant
	// Network is what NetworkPolicies look at in a workload, and those of its namespace, under NeedNetwork.
	Network Network
	// Weaker is what the other checks find in running pods and not in the template, under NeedRunningPods.
	Weaker []Weaker
	// Unreadable says of facts that could not be read, why.
	Unreadable map[Need]string
	// Partial says of facts that are known in part, why. More of them could only add to what a check finds: what it finds is
	// so, and it may not have found all.
	Partial map[Need]string
}

// Network is a workload as NetworkPolicies see it.
type Network struct {
	// Pod is what they look at.
	Pod network.Pod
	// Policies are those of its namespace, in the order of their names.
	Policies []*network.Policy
	// Sources are all workloads of the cluster as senders, under NeedSources.
	Sources *network.Sources
}

// Reachability is what a baseline says of who may reach workloads, made ready once.
type Reachability struct {
	// To chooses the workloads, Ports those that are protected; none means every port.
	To    network.Senders
	Ports []network.Port
	// AllowedFrom are the sources that may reach them, and Allowed the same in words.
	AllowedFrom []network.Senders
	Allowed     string
}

// Result is what an evaluation found.
type Result struct {
	// Findings, in the order of Sort, each once.
	Findings []Finding
	// NotEvaluated are the checks that could not be made. They have not passed.
	NotEvaluated []NotEvaluated
}

// NotEvaluated is a check that could not be made. Check is empty when the whole baseline could not be judged.
type NotEvaluated struct {
	Check, Baseline, Reason string
}
