package scan

import (
	"cmp"
	"io"
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// The colours of a terminal.
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
)

var colours = map[v1alpha1.Severity]string{
	v1alpha1.SeverityCritical: "\x1b[1;31m", v1alpha1.SeverityHigh: red, v1alpha1.SeverityMedium: "\x1b[33m", v1alpha1.SeverityLow: "\x1b[36m",
}

// table prints results for people.
type table struct {
	sink
	coloured bool
	compared bool
	width    int // of the longest name of a check
}

// writeTable prints results grouped by object, the worst first, and a summary.
func writeTable(to io.Writer, r *Results, coloured bool) error {
	t := &table{sink: sink{to: to}, coloured: coloured}
	sorted := slices.Clone(r.Results)
	slices.SortStableFunc(sorted, func(a, b Result) int {
		return cmp.Or(cmp.Compare(engine.Rank(a.worst()), engine.Rank(b.worst())), -cmp.Compare(openIn(&a), openIn(&b)))
	})
	for i := range sorted {
		for j := range sorted[i].Findings {
			f := &sorted[i].Findings[j]
			t.width, t.compared = max(t.width, len(f.Check)), t.compared || f.Change != ""
		}
	}
	for i := range sorted {
		t.object(&sorted[i])
	}
	t.notEvaluated(r)
	for i := range r.Errors {
		t.printf("%s %s: %s\n", t.problem(&r.Errors[i]), r.Errors[i].Source.String(), engine.Printable(r.Errors[i].Message))
	}
	t.printf("%s\n", t.in(bold, r.Summary.line()))
	return t.err
}

func openIn(r *Result) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].open() {
			n++
		}
	}
	return n
}

// object prints what was found on an object.
func (t *table) object(r *Result) {
	if len(r.Findings) == 0 {
		return
	}
	t.printf("%s", t.in(bold, nameOf(r.Target)))
	if r.Source != nil {
		t.printf("  %s", t.in(faint, r.Source.String()))
	}
	t.printf("\n")
	for i := range r.Findings {
		f := &r.Findings[i]
		const widest = len("Critical")
		severity, colour := string(f.Severity), colours[f.Severity]
		if !f.open() {
			colour = faint
		}
		t.printf("  %s%s%*s  %-*s  %s\n", t.sign(f), t.in(colour, severity), widest-len(severity), "", t.width, f.Check, f.sentence())
	}
	t.printf("\n")
}

// sign says what became of a finding, where trees are compared.
func (t *table) sign(f *Finding) string {
	switch {
	case !t.compared:
		return ""
	case f.Change == Closed:
		return t.in(green, "-") + " "
	}
	return t.in(red, "+") + " "
}

// notEvaluated prints what could not be judged.
func (t *table) notEvaluated(r *Results) {
	all := r.missed()
	for i := range all {
		t.printf("%s %s\n", t.in(bold, "not evaluated:"), all[i].String())
	}
	if len(all) > 0 {
		t.printf("\n")
	}
}

// problem says what a problem is: an error, unless it does not decide.
func (t *table) problem(p *Problem) string {
	if p.Before {
		return t.in(bold, "not read before:")
	}
	return t.in(red, "error:")
}

func (t *table) in(colour, text string) string {
	if !t.coloured || colour == "" {
		return text
	}
	return colour + text + plain
}
