package main

import (
	"fmt"
	"os"
	"strings"
)

// printer writes the story.
type printer struct {
	out    *os.File
	colour bool
}

// newPrinter uses colour only where a person looks at a terminal and does not object.
func newPrinter(out *os.File) *printer {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &printer{out: out, colour: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

const (
	bold  = "1"
	green = "32"
	cyan  = "36"
)

func (p *printer) paint(style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (p *printer) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// title begins an act.
func (p *printer) title(text string) {
	p.say("\n%s\n%s\n", p.paint(bold, text), strings.Repeat("-", len(text)))
}

// measured tells a result.
func (p *printer) measured(format string, args ...any) {
	p.say("%s", p.paint(green, "=> "+fmt.Sprintf(format, args...)))
}

// code shows a command to type.
func (p *printer) code(format string, args ...any) {
	p.say("    %s", p.paint(cyan, fmt.Sprintf(format, args...)))
}

// command shows a command that is run.
func (p *printer) command(line string) { p.say("%s", p.paint(cyan, "$ "+line)) }

// output shows what a command printed, as it is.
func (p *printer) output(text string) {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	p.say("%s", text)
}
