package command

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// every is how many objects pass between two lines of progress.
const every = 200

// progress tells on a terminal how much was read. A nil one tells nothing.
type progress struct {
	to   io.Writer
	done int
	told bool
}

// newProgress tells progress where somebody looks.
func newProgress(to io.Writer) *progress {
	file, is := to.(*os.File)
	if !is || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return &progress{to: to}
}

// step counts an object.
func (p *progress) step() {
	if p == nil {
		return
	}
	if p.done++; p.done%every == 0 {
		p.told = true
		fmt.Fprintf(p.to, "\r\x1b[Kreading %d objects", p.done)
	}
}

// clear takes the line away, so that what is said next begins where it stood.
func (p *progress) clear() {
	if p != nil && p.told {
		fmt.Fprint(p.to, "\r\x1b[K")
		p.told = false
	}
}
