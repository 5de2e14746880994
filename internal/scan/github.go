package scan

import (
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/manifest"
)

// annotations are the commands of GitHub's workflows that a finding becomes, by severity.
var annotations = map[v1alpha1.Severity]string{
	v1alpha1.SeverityCritical: "error", v1alpha1.SeverityHigh: "error", v1alpha1.SeverityMedium: "warning", v1alpha1.SeverityLow: "notice",
}

// In a command, what ends it or a property of it is escaped.
//
// Source: packages/core/src/command.ts of actions/toolkit.
var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeGitHub prints open findings as commands that a workflow of GitHub shows beside the lines of a pull request.
func writeGitHub(to io.Writer, r *Results) error {
	s := &sink{to: to}
	for i := range r.Errors {
		if r.Errors[i].Before { // it is in no file of this state
			s.command("notice", &Source{}, "not read before", r.Errors[i].Source.String()+": "+r.Errors[i].Message)
			continue
		}
		s.command("error", &r.Errors[i].Source, "not read", r.Errors[i].Message)
	}
	for i := range r.Results {
		one := &r.Results[i]
		for j := range one.Findings {
			f := &one.Findings[j]
			if !f.open() {
				continue
			}
			var at Source
			if one.Source != nil {
				at = Source{File: one.Source.File, Line: f.Line}
			}
			s.command(annotations[f.Severity], &at, f.Check+" ("+string(f.Severity)+")", nameOf(one.Target)+": "+f.Message+"\n"+f.Remediation)
		}
	}
	for _, m := range r.missed() {
		s.command(m.annotation(), &Source{}, "not evaluated", m.String())
	}
	s.command("notice", &Source{}, "plumbline scan", r.Summary.line())
	return s.err
}

// annotation returns the command that tells what could not be judged: a whole kind weighs more than what a few objects lack.
func (m *missed) annotation() string {
	if m.objects == 0 {
		return "warning"
	}
	return "notice"
}

func (s *sink) command(name string, at *Source, title, message string) {
	s.printf("::%s ", name)
	if at.File != "" && at.File != manifest.Stdin {
		s.printf("file=%s,line=%s,", propertyEscapes.Replace(filepath.ToSlash(at.File)), strconv.Itoa(max(1, at.Line)))
	}
	s.printf("title=%s::%s\n", propertyEscapes.Replace(title), dataEscapes.Replace(message))
}
