package scan

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// every is how many objects pass between two lines of progress.
const every = 200

// progress tells on a terminal how far a scan is. A nil one tells nothing.
type progress struct {
	to   io.Writer
	told bool
}

// newProgress tells progress where somebody looks.
func newProgress(to io.Writer) *progress {
	if !isTerminal(to) {
		return nil
	}
	return &progress{to: to}
}

// step tells how much is done of a total; 0 where that is not known yet.
func (p *progress) step(doing string, done, total int) {
	if p == nil || done%every != 0 {
		return
	}
	p.told = true
	if total > 0 {
		fmt.Fprintf(p.to, "\r\x1b[K%s %d of %d objects", doing, done, total)
		return
	}
	fmt.Fprintf(p.to, "\r\x1b[K%s %d objects", doing, done)
}

// clear takes the line away, so that results begin where it stood.
func (p *progress) clear() {
	if p != nil && p.told {
		fmt.Fprint(p.to, "\r\x1b[K")
		p.told = false
	}
}

func isTerminal(w io.Writer) bool {
	file, is := w.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}
