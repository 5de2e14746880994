package scan

import (
	"fmt"
	"io"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// severities are all of them, the worst first.
var severities = []v1alpha1.Severity{v1alpha1.SeverityCritical, v1alpha1.SeverityHigh, v1alpha1.SeverityMedium, v1alpha1.SeverityLow}

// nameOf returns the name of a target as people know it, safe to print.
func nameOf(target v1alpha1.TargetReference) string {
	return engine.Printable(workload.Ref{Kind: target.Kind, Namespace: target.Namespace, Name: target.Name}.String())
}

// String returns the source as compilers write it, safe to print.
func (s *Source) String() string {
	if s.Line == 0 {
		return engine.Printable(s.File)
	}
	return fmt.Sprintf("%s:%d", engine.Printable(s.File), s.Line)
}

// sentence returns what a finding says, and what became of it.
func (f *Finding) sentence() string {
	text := f.Message
	if f.Waiver != nil {
		text += " (waived by exception " + engine.Printable(f.Waiver.Exception)
		if f.Waiver.Expires != nil {
			text += " until " + f.Waiver.Expires.UTC().Format("2006-01-02")
		}
		text += ")"
	}
	return text
}

// line is the summary in a sentence.
func (s *Summary) line() string {
	var b strings.Builder
	b.WriteString(report.Plural(s.Objects, "object", "objects") + " judged")
	if s.Files > 0 {
		b.WriteString(" in " + report.Plural(s.Files, "file", "files"))
	}
	total := int(s.Findings.Critical + s.Findings.High + s.Findings.Medium + s.Findings.Low)
	if s.compared {
		b.WriteString(": " + report.Plural(total, "finding opens", "findings open"))
	} else {
		fmt.Fprintf(&b, ": %d drifted, %s", s.Drifted, report.Plural(total, "finding", "findings"))
	}
	if total > 0 {
		fmt.Fprintf(&b, " (%d critical, %d high, %d medium, %d low)", s.Findings.Critical, s.Findings.High, s.Findings.Medium, s.Findings.Low)
	}
	if s.compared {
		fmt.Fprintf(&b, ", %d closed", s.Closed)
	}
	if s.Waived > 0 {
		fmt.Fprintf(&b, ", %d waived", s.Waived)
	}
	if s.NotEvaluated > 0 {
		fmt.Fprintf(&b, ", %d not evaluated in full", s.NotEvaluated)
	}
	if s.Errors > 0 {
		b.WriteString(", " + report.Plural(s.Errors, "error", "errors"))
	}
	return b.String()
}

// sink writes text, and keeps the first error.
type sink struct {
	to  io.Writer
	err error
}

func (s *sink) printf(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.to, format, args...)
	}
}

// writeErrors prints what could not be judged or read, where a format has no place for it.
func writeErrors(to io.Writer, r *Results) error {
	s := &sink{to: to}
	for _, m := range r.missed() {
		s.printf("not evaluated: %s\n", m.String())
	}
	for i := range r.Errors {
		s.printf("error: %s: %s\n", r.Errors[i].Source.String(), engine.Printable(r.Errors[i].Message))
	}
	return s.err
}
