package checks

import (
	"maps"
	"slices"
	"strconv"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "pod-security-refusal",
	Title: "Workloads that their namespace would refuse",
	Description: "Pod Security admission looks at pods when they are made. Pods that ran before the enforce label was set go on running, weaker " +
		"than the label says, and whoever reads the label takes them for as strict. At the next rollout, or when a node is drained, they do not " +
		"come back. The workloads are held against the level and the version of the namespace's own label, where it names none as the API " +
		"server reads it in its own version. What the configuration of the API server exempts cannot be seen.",
	Remediation: "Bring the workloads up to the level of the namespace before they are rolled out again, or move them to a namespace of their own.",
	Severity:    v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		cis("5.2.1 Ensure that the cluster has at least one active policy control mechanism in place"),
		nsa("Pod security enforcement"),
	},
	Judges: workload.Namespaces,
	Needs:  []engine.Need{engine.NeedWorkloads},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Namespaces.PodSecurityLabels.Enforce != ""
	},
	Run: runPodSecurityRefusal,
})

func runPodSecurityRefusal(in *engine.Input) []engine.Finding {
	asked := enforcedStandard(in.Namespace)
	if asked == nil || len(in.Namespace.Workloads) == 0 {
		return nil
	}
	judged := &engine.Input{Baseline: in.Baseline, Declared: &asked.declared, Reading: asked.reading}
	var refused map[string][]string
	for i := range in.Namespace.Workloads {
		judged.Workload = in.Namespace.Workloads[i]
		by := asked.refuses(judged)
		if len(by) == 0 {
			continue
		}
		if refused == nil {
			refused = map[string][]string{}
		}
		top := judged.Workload.Target()
		name := top.Kind + " " + top.Name
		refused[name] = append(refused[name], by...)
	}
	if len(refused) == 0 {
		return nil
	}
	return refusals(in, string(asked.level), refused)
}

// refusals is a finding for each workload, so that an exception for one waives no other.
func refusals(in *engine.Input, level string, refused map[string][]string) []engine.Finding {
	names, more := bounded(slices.Collect(maps.Keys(refused)))
	if more {
		names = append(names, furtherOnes)
	}
	all := strconv.Itoa(len(refused)) + " of its " + strconv.Itoa(countTargets(in.Namespace.Workloads)) + " workloads"
	findings := make([]engine.Finding, len(names))
	for i, name := range names {
		who, actual := name, few(inOrder(refused[name]))
		if name == furtherOnes {
			who, actual = "More workloads than are shown", "more workloads than are shown"
		} else {
			who += " (" + actual + ")"
		}
		findings[i] = engine.Finding{
			Path: labelPath(enforceLabel), Value: name, Expected: "what " + level + " lets in", Actual: actual,
			Message: who + " would not pass at the next rollout: namespace " + in.Namespace.Ref.Name + " enforces " + level +
				assumedVersion(in.Namespace) + ", and " + all + " would not pass; baseline " + in.Baseline +
				" requires that what the label says holds.",
		}
	}
	return findings
}

// countTargets counts workloads as people do: a controller once, however much it is made of.
func countTargets(workloads []workload.Workload) int {
	all := map[workload.Ref]bool{}
	for i := range workloads {
		all[workloads[i].Target()] = true
	}
	return len(all)
}

// refuses names the checks of the standard that find something in a workload.
func (s *standard) refuses(in *engine.Input) []string {
	var by []string
	for i := range s.checks {
		if len(s.checks[i].Run(in)) > 0 {
			by = append(by, s.checks[i].ID)
		}
	}
	return by
}
