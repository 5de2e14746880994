package checks

import (
	"strconv"
	"strings"
	"sync"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

// The labels of a namespace by which Pod Security admission judges pods.
const (
	enforceLabel        = "pod-security.kubernetes.io/enforce"
	enforceVersionLabel = enforceLabel + "-version"
	auditLabel          = "pod-security.kubernetes.io/audit"
	auditVersionLabel   = auditLabel + "-version"
	warnLabel           = "pod-security.kubernetes.io/warn"
	warnVersionLabel    = warnLabel + "-version"
)

const levelPrivileged = "privileged"

// strictness orders the levels. It is 0 for what is none.
func strictness(level string) int {
	switch level {
	case levelPrivileged:
		return 1
	case string(v1alpha1.LevelBaseline):
		return 2
	case string(v1alpha1.LevelRestricted):
		return 3
	}
	return 0
}

// minorVersion reads a version as Pod Security admission does: latest is newer than every other. Ok is false for what is none.
func minorVersion(text string) (minor int, latest, ok bool) {
	if text == podsecurity.Latest {
		return 0, true, true
	}
	digits, isOne := strings.CutPrefix(text, "v1.")
	if !isOne || digits != "0" && strings.TrimLeft(digits, "0+-") != digits { // neither 01 nor +1
		return 0, false, false
	}
	minor, err := strconv.Atoi(digits)
	return minor, false, err == nil
}

// labelPath is the path of a label of a namespace.
func labelPath(label string) string { return "metadata.labels[" + label + "]" }

// standard is what a level of the Pod Security Standards asks of pods in a version.
type standard struct {
	level    v1alpha1.PodSecurityLevel
	declared v1alpha1.SecurityBaselineSpec
	reading  podsecurity.Reading
	checks   []engine.Check
}

// standards are made when they are first asked for, once each: a cluster has few.
var standards = func() (all [2][podsecurity.Newest + 1]func() *standard) {
	for i, level := range []v1alpha1.PodSecurityLevel{v1alpha1.LevelBaseline, v1alpha1.LevelRestricted} {
		for minor := range all[i] {
			all[i][minor] = sync.OnceValue(func() *standard { return newStandard(level, minor) })
		}
	}
	return all
}()

func newStandard(level v1alpha1.PodSecurityLevel, minor int) *standard {
	rules, err := podsecurity.Expand(level, "v1."+strconv.Itoa(minor))
	if err != nil {
		return nil // there is no such level or version, which a test rules out
	}
	made := &standard{level: level, declared: v1alpha1.SecurityBaselineSpec{Workloads: rules.Workloads}, reading: rules.Reading}
	for _, check := range All() {
		if check.For(workload.Pods) && check.Declared(&made.declared) {
			made.checks = append(made.checks, check)
		}
	}
	return made
}

// enforcedStandard returns what Pod Security admission asks of the pods of a namespace by its label, as it reads it: what is
// no level is restricted, and what is no version is latest, as is a version newer than the API server. It is nil where the label
// is missing or asks for nothing.
func enforcedStandard(in *engine.Namespace) *standard {
	level, set := in.Labels[enforceLabel]
	if !set || level == levelPrivileged {
		return nil
	}
	minor, _ := enforcedVersion(in)
	if level == string(v1alpha1.LevelBaseline) {
		return standards[0][minor]()
	}
	return standards[1][minor]()
}

// enforcedVersion returns the minor version by whose words Pod Security admission judges the pods of a namespace, and whether that
// is the latest of the API server, because the label names none that it knows.
func enforcedVersion(in *engine.Namespace) (minor int, latest bool) {
	newest := podsecurity.Newest
	if in.Server > 0 {
		newest = min(in.Server, newest)
	}
	version, latest, ok := minorVersion(in.Labels[enforceVersionLabel])
	if ok && !latest && version <= newest {
		return version, false
	}
	return newest, true
}

// assumedVersion says by which version pods are judged where the one that the API server goes by is not known; empty where it is.
func assumedVersion(in *engine.Namespace) string {
	minor, latest := enforcedVersion(in)
	switch {
	case latest && in.Server == 0:
		return " (read as in v1." + strconv.Itoa(minor) + ": the version of the API server is not known)"
	case latest && in.Server > minor:
		return " (read as in v1." + strconv.Itoa(minor) + ", the newest version that is known)"
	}
	return ""
}
