// Package scan judges objects before they reach a cluster: those of files, or those that whoever asks may list in a
// cluster. It judges by the same code as the operator, and finds the same.
package scan

import (
	"slices"

	"k8s.io/utils/clock"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/manifest"
)

// Options are what the program gives to its commands.
type Options struct {
	// Checks are all that there are.
	Checks []engine.Check
	// Version is that of the program.
	Version string
	// Clock tells which exceptions waive. Default: the real one.
	Clock clock.PassiveClock
}

// ExitCode is how a scan ended that said all it had to say: the program is to end with it, and to print nothing more.
type ExitCode int

const (
	// ExitDrift means that something has drifted, at or above the severity that was asked for.
	ExitDrift ExitCode = 1
	// ExitBadInput means that something could not be read, or that nothing was judged.
	ExitBadInput ExitCode = 2
)

// Error says what the code stands for.
func (c ExitCode) Error() string {
	if c == ExitDrift {
		return "something has drifted"
	}
	return "not all could be judged"
}

// Results are what a scan found, in the form in which it is printed as JSON.
type Results struct {
	Summary Summary `json:"summary"`
	// Results are those of the objects of which there is something to say, in the order in which they were given.
	Results []Result `json:"results"`
	// Errors are what could not be read.
	Errors []Problem `json:"errors"`

	clean []Result // of which there is nothing to say
}

// Summary counts what was read and found.
type Summary struct {
	// Baselines are the names of those by which was judged.
	Baselines []string `json:"baselines"`
	// Files and Documents are what was read, and Skipped the objects in it of kinds that are not judged.
	Files     int `json:"files"`
	Documents int `json:"documents"`
	Skipped   int `json:"skipped"`
	// Objects are what was judged, and Drifted those of them with open findings.
	Objects int `json:"objects"`
	Drifted int `json:"drifted"`
	// Findings are the open ones, by severity; those that were opened where two trees are compared.
	Findings v1alpha1.SeverityCounts `json:"findings"`
	// Closed are the findings that were open in the tree before and are so no more; 0 where none is compared with.
	Closed int `json:"closed"`
	// Waived are the findings that exceptions waive.
	Waived int `json:"waived"`
	// NotEvaluated are the objects of which not everything could be judged.
	NotEvaluated int `json:"notEvaluated"`
	// Unreadable are the kinds of the cluster that may not be listed, and why.
	Unreadable []UnreadableKind `json:"unreadable,omitempty"`
	// Errors is how much could not be read.
	Errors int `json:"errors"`

	compared bool // with another tree
}

// UnreadableKind is a kind of which the cluster shows nothing.
type UnreadableKind struct {
	Resource string `json:"resource"`
	Reason   string `json:"reason"`
}

// Source is where an object stands.
type Source struct {
	File     string `json:"file"`
	Document int    `json:"document"`
	Line     int    `json:"line"`
}

// Result is what was found on one object.
type Result struct {
	// Source is where the object stands; nil for an object of a cluster.
	Source *Source `json:"source,omitempty"`
	// Target is the object.
	Target       v1alpha1.TargetReference `json:"target"`
	Findings     []Finding                `json:"findings"`
	NotEvaluated []NotEvaluated           `json:"notEvaluated"`

	at      manifest.Source
	loader  *manifest.Loader
	report  *v1alpha1.DriftReport
	key     key
	verdict []engine.Finding
	judged  bool // by a baseline whose scope is known
}

// Finding is one value of one field that a baseline does not allow.
type Finding struct {
	Check       string            `json:"check"`
	Baseline    string            `json:"baseline"`
	Severity    v1alpha1.Severity `json:"severity"`
	Container   string            `json:"container,omitempty"`
	Path        string            `json:"path"`
	Value       string            `json:"value"`
	Expected    string            `json:"expected,omitempty"`
	Actual      string            `json:"actual,omitempty"`
	Message     string            `json:"message"`
	Remediation string            `json:"remediation,omitempty"`
	// Line is where the field stands in the source of the object, or what is around it; absent for objects of a cluster.
	Line int `json:"line,omitempty"`
	// Waiver is the exception that waives it.
	Waiver *v1alpha1.Waiver `json:"waiver,omitempty"`
	// Change is Opened or Closed, where two trees are compared.
	Change Change `json:"change,omitempty"`
}

// Change says what became of a finding between two trees.
type Change string

// The changes.
const (
	Opened Change = "Opened"
	Closed Change = "Closed"
)

// NotEvaluated is a check that could not be made, or not on everything that it looks at. Check is empty where the whole
// baseline could not be judged.
type NotEvaluated struct {
	Check    string `json:"check,omitempty"`
	Baseline string `json:"baseline"`
	Reason   string `json:"reason"`
}

// Problem is what could not be read.
type Problem struct {
	Source  Source `json:"source"`
	Message string `json:"message"`
	// Before says that it is in the tree that is compared with, so that it does not decide the exit code.
	Before bool `json:"before,omitempty"`
}

// open says whether a finding counts: no exception waives it, and it is not gone.
func (f *Finding) open() bool { return f.Waiver == nil && f.Change != Closed }

// worst returns the worst severity of the open findings; empty when there is none.
func (r *Result) worst() v1alpha1.Severity {
	var worst v1alpha1.Severity
	for i := range r.Findings {
		if f := &r.Findings[i]; f.open() && engine.Rank(f.Severity) <= engine.Rank(worst) {
			worst = f.Severity
		}
	}
	return worst
}

// says tells whether there is anything to say of the object.
func (r *Result) says() bool { return len(r.Findings)+len(r.NotEvaluated) > 0 }

// drifted says whether the object has an open finding at least as severe as asked for.
func (r *Result) drifted(from v1alpha1.Severity) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.open() && engine.Rank(f.Severity) <= engine.Rank(from) })
}

// exit returns how a scan ends, and nil when all is well.
func (r *Results) exit(failOn v1alpha1.Severity, skipInvalid bool) error {
	switch {
	case r.Summary.Objects == 0 || (r.incomplete() && !skipInvalid):
		return ExitBadInput
	case slices.ContainsFunc(r.Results, func(one Result) bool { return one.drifted(failOn) }):
		return ExitDrift
	}
	return nil
}

// incomplete says whether something could not be read that decides.
func (r *Results) incomplete() bool {
	return slices.ContainsFunc(r.Errors, func(p Problem) bool { return !p.Before })
}

func sourceOf(s manifest.Source) Source {
	return Source{File: s.File, Document: s.Document, Line: s.Line}
}
