// Package manifest reads Kubernetes objects from files, as they would reach an API server: YAML and JSON, Lists,
// kustomizations and Helm charts. What cannot be read is a Problem, and never left out.
package manifest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
)

// Stdin is the path by which standard input is read.
const Stdin = "-"

// Source is where an object stands.
type Source struct {
	// File is the path of the file, and Stdin for standard input. Of an object that a chart or a kustomization makes, it is
	// the template or the resource file, and the directory where that is not known.
	File string
	// Document counts the documents of the file that are not empty, from 0. Of what a chart makes, it counts those that the
	// template renders.
	Document int
	// Item is the place of the object in the List that holds it, from 1; 0 where no List does.
	Item int
	// Line is the line on which the object begins, from 1.
	Line int
}

// String returns the source as compilers write it, such as "deploy/api.yaml:12".
func (s Source) String() string {
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// Object is an object of a kind that Plumbline judges or takes facts from, as an API server would hold it. The policies of other
// engines are their metadata alone, and what can be declared and has no type of its own is unstructured.
type Object struct {
	Source Source
	Object runtime.Object
}

// Problem is what could not be read, and why.
type Problem struct {
	Source  Source
	Message string
}

// Error returns the source and the message.
func (p *Problem) Error() string {
	return p.Source.String() + ": " + p.Message
}

// Options say how files are read. The zero value is ready to use.
type Options struct {
	// Namespace is that of objects which name none; "default" where it is empty.
	Namespace string
	// Values are the files of values for Helm charts; those of later files win.
	Values []string
	// MaxFileBytes is the size above which a file is not read; 64 MiB where it is 0.
	MaxFileBytes int64
}

const (
	defaultNamespace    = "default"
	defaultMaxFileBytes = 64 << 20
)

// Stats count what was read.
type Stats struct {
	// Files are the files that were read; a chart or a kustomization counts as one.
	Files int
	// Documents are the documents in them that are not empty.
	Documents int
	// Objects are the objects that were delivered, and Skipped those of kinds that are not judged.
	Objects, Skipped int
	// Problems are the problems that were delivered.
	Problems int
}

// Loader reads objects, and finds the lines of their fields again.
type Loader struct {
	options Options
	stdin   io.Reader

	mu     sync.Mutex
	stats  Stats
	stdins []byte // what standard input held: it cannot be read again
	lines  lineCache
}

// New returns a Loader. Standard input is read only where it is asked for.
func New(stdin io.Reader, o Options) *Loader {
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.MaxFileBytes == 0 {
		o.MaxFileBytes = defaultMaxFileBytes
	}
	return &Loader{options: o, stdin: stdin}
}

// Stats returns what was read so far.
func (l *Loader) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Load reads files, directories, patterns, kustomizations, charts, and Stdin. It goes over what it finds in the order of
// the paths, files of a directory by name, objects as they stand in them; of each pair one is nil. An object with fields
// that are unknown or stand twice comes after its problems, as an API server that is not strict would take it. Objects
// are decoded side by side, a bounded number ahead of the loop. It ends early when the context does.
func (l *Loader) Load(ctx context.Context, paths []string) iter.Seq2[*Object, *Problem] {
	return func(yield func(*Object, *Problem) bool) {
		ctx, cancel := context.WithCancel(ctx)
		p := l.start(ctx, paths)
		defer p.wait()
		defer cancel()
		documents := 0
		for work := range p.order {
			var done outcome
			select {
			case done = <-work.done:
			case <-ctx.Done():
				return
			}
			if work.first {
				documents = 0
			}
			l.count(work, &done)
			for i := range done.found {
				done.found[i].source.Document += documents
				if !done.found[i].deliver(yield) {
					return
				}
			}
			documents += done.documents
		}
	}
}

func (l *Loader) count(work *task, done *outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if work.first && !done.unread {
		l.stats.Files++
	}
	l.stats.Documents += done.documents
	l.stats.Skipped += done.skipped
	for i := range done.found {
		if done.found[i].object != nil {
			l.stats.Objects++
		} else {
			l.stats.Problems++
		}
	}
}
