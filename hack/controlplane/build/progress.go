package main

import (
	"fmt"
	"os"
)

// width is what surely fits in one line of a terminal: of a longer one only the last part could be replaced.
const width = 79

// progress shows how far a build is: on a terminal in one line that changes, elsewhere only its start and its end.
type progress struct {
	out      *os.File
	terminal bool
	label    string
	total    int // packages in the binary, 0 if not known yet
	done     int // packages compiled
}

func newProgress(out *os.File, label string) *progress {
	info, err := out.Stat()
	return &progress{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, label: label}
}

func (p *progress) begin(what string) {
	if p.terminal {
		p.update(what)
		return
	}
	fmt.Fprintf(p.out, "%s: building\n", p.label)
}

// update replaces the line on the terminal.
func (p *progress) update(what string) {
	if p.terminal {
		line := p.label + " ... " + what
		fmt.Fprintf(p.out, "\r\033[K%s", line[:min(len(line), width)])
	}
}

// compiling says how many packages there are to compile.
func (p *progress) compiling(total int) {
	p.total = total
	p.showCount()
}

// count notes a package that is being compiled. Those in Go's build cache are not: the count may end early.
func (p *progress) count() {
	p.done++
	p.showCount()
}

func (p *progress) showCount() { p.update(fmt.Sprintf("%d/%d packages", p.done, p.total)) }

// end replaces the line with the last word on this binary.
func (p *progress) end(what string) {
	if p.terminal {
		fmt.Fprint(p.out, "\r\033[K")
	}
	fmt.Fprintf(p.out, "%s: %s\n", p.label, what)
}

// abort leaves the line as it is, so that what follows does not overwrite it.
func (p *progress) abort() {
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}
