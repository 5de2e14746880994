package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "pod-security-label",
	Title: "Pod Security admission weaker than declared",
	Description: "The labels of a namespace decide which pods the API server lets in. Without the enforce label it is what the API server was " +
		"configured with, by default everything; with a level that is too low, or a version from before a rule, an attacker who may create " +
		"pods creates one that takes over the node. Whoever may label the namespace can lower them.",
	Remediation: "Set the label on the namespace to what the baseline requires.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.2.1 Ensure that the cluster has at least one active policy control mechanism in place"),
		nsa("Pod security enforcement"),
	},
	Judges: workload.Namespaces,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Namespaces.PodSecurityLabels != (v1alpha1.PodSecurityLabels{})
	},
	Run: runPodSecurityLabel,
})

func runPodSecurityLabel(in *engine.Input) []engine.Finding {
	asked := &in.Declared.Namespaces.PodSecurityLabels
	const byDefault = "what the API server was configured with"
	enforced := judgedLabels{enforceLabel, enforceVersionLabel, asked.Enforce, asked.EnforceVersion, byDefault}
	audited := judgedLabels{auditLabel, auditVersionLabel, asked.Audit, asked.AuditVersion, byDefault}
	warned := judgedLabels{warnLabel, warnVersionLabel, asked.Warn, asked.WarnVersion, byDefault}
	findings := append(enforced.judge(in), audited.judge(in)...)
	if warnsAsItEnforces(in.Namespace.Labels) {
		asEnforced := warned
		asEnforced.level = enforceLabel
		if _, versioned := in.Namespace.Labels[warnVersionLabel]; !versioned {
			asEnforced.version = enforceVersionLabel
		}
		if len(asEnforced.judge(in)) == 0 {
			return findings
		}
		warned.otherwise = "what " + enforceLabel + " says"
	}
	return append(findings, warned.judge(in)...)
}

// warnsAsItEnforces says whether Pod Security admission warns by the level that it enforces, as it does where no other is set.
func warnsAsItEnforces(labels map[string]string) bool {
	_, set := labels[warnLabel]
	return !set && strictness(labels[enforceLabel]) > 0
}

// judgedLabels are the two labels of one mode, with what a baseline asks of them.
type judgedLabels struct {
	level, version string
	asked          v1alpha1.LabelLevel
	askedVersion   v1alpha1.LabelVersion
	// otherwise is what counts where there is no label of the level.
	otherwise string
}

func (l *judgedLabels) judge(in *engine.Input) []engine.Finding {
	if l.asked == "" {
		return nil
	}
	labels := in.Namespace.Labels
	level, set := labels[l.level]
	switch expected := l.expected(); {
	case !set:
		return []engine.Finding{l.found(in, l.level, "unset", expected, "has no label "+l.level+
			", so that it has "+l.otherwise)}
	case strictness(level) == 0:
		return []engine.Finding{l.found(in, l.level, orEmpty(level), expected, "has the label "+l.level+" with the value "+orEmpty(level)+
			", which is none of privileged, baseline and restricted")}
	case strictness(level) < strictness(string(l.asked)):
		return append(l.judgeVersion(in, level), l.found(in, l.level, level, expected, "has the label "+l.level+" with the value "+level))
	}
	return l.judgeVersion(in, level)
}

// judgeVersion looks at the version, where the level asks for anything. Without a version it is latest.
func (l *judgedLabels) judgeVersion(in *engine.Input, level string) []engine.Finding {
	version, set := in.Namespace.Labels[l.version]
	if l.askedVersion == "" || !set || level == levelPrivileged {
		return nil
	}
	is, isLatest, ok := minorVersion(version)
	asked, askedLatest, _ := minorVersion(string(l.askedVersion))
	if isLatest || ok && !askedLatest && is >= asked {
		return nil
	}
	expected := string(l.askedVersion)
	if !askedLatest {
		expected += " or newer"
	}
	if !ok {
		return []engine.Finding{l.found(in, l.version, orEmpty(version), expected, "has the label "+l.version+" with the value "+
			orEmpty(version)+", which is neither "+podsecurity.Latest+" nor a version such as v1.36")}
	}
	return []engine.Finding{l.found(in, l.version, version, expected, "has the label "+l.version+" with the value "+version)}
}

// expected are the levels that pass.
func (l *judgedLabels) expected() string {
	if l.asked == v1alpha1.LabelLevel(v1alpha1.LevelBaseline) {
		return "baseline or restricted"
	}
	return string(l.asked)
}

func (l *judgedLabels) found(in *engine.Input, label, value, expected, what string) engine.Finding {
	return engine.Finding{
		Path: labelPath(label), Value: value, Expected: expected, Actual: value,
		Message: "Namespace " + in.Namespace.Ref.Name + " " + what + "; baseline " + in.Baseline + " requires " + expected + ".",
	}
}
