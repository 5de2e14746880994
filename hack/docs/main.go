// docs writes the pages that are generated from the program itself, so that they cannot say anything else. Run it from
// the root of the module: without arguments it writes all pages, with names only those.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// page is a generated page: its name, where it is kept, and what writes it.
type page struct {
	name  string
	file  string
	write func(io.Writer) error
}

var pages = []page{
	{"checks", "docs/checks.md", writeChecks},
	{"shown", "internal/checksdoc/page.json", writeShown},
	{"metrics", "docs/metrics.md", writeMetrics},
}

func main() {
	output := flag.String("o", "", "write the page to this file instead, or with - to standard output; only with one page")
	flag.Usage = usage
	flag.Parse()
	if err := run(flag.Args(), *output); err != nil {
		fmt.Fprintf(os.Stderr, "docs: %v\n", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintf(flag.CommandLine.Output(), "Usage: go run ./hack/docs [-o file] [%s]\n", strings.Join(names(), "|"))
	flag.PrintDefaults()
}

func run(chosen []string, output string) error {
	if output != "" && len(chosen) != 1 {
		return fmt.Errorf("-o takes exactly one page, not %d", len(chosen))
	}
	for _, name := range chosen {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("there is no page %q; the pages are: %s", name, strings.Join(names(), ", "))
		}
	}
	for _, p := range pages {
		if len(chosen) > 0 && !slices.Contains(chosen, p.name) {
			continue
		}
		if output != "" {
			p.file = output
		}
		if err := p.generate(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// generate writes the file only when the page is complete.
func (p page) generate() error {
	var text bytes.Buffer
	if err := p.write(&text); err != nil {
		return err
	}
	if p.file == "-" {
		_, err := os.Stdout.Write(text.Bytes())
		return err
	}
	return os.WriteFile(p.file, text.Bytes(), 0o644)
}

func names() []string {
	var names []string
	for _, p := range pages {
		names = append(names, p.name)
	}
	return names
}
