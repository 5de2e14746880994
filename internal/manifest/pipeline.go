package manifest

import (
	"context"
	"runtime"
	"sync"

	kruntime "k8s.io/apimachinery/pkg/runtime"
)

// found is an object, or else the message of a problem.
type found struct {
	source  Source
	object  kruntime.Object
	message string
	// noObject says that what is there is no object of Kubernetes at all, and does not look like one.
	noObject bool
}

func (f *found) deliver(yield func(*Object, *Problem) bool) bool {
	if f.object != nil {
		return yield(&Object{Source: f.source, Object: f.object}, nil)
	}
	return yield(nil, &Problem{Source: f.source, Message: f.message})
}

// outcome is what was found in a part of a file. Documents of sources are counted from the beginning of the part.
type outcome struct {
	found     []found
	documents int
	skipped   int
	unread    bool // nothing could be read at all
}

// task is a part of the work, done by one worker.
type task struct {
	run  func(*decoder) outcome
	done chan outcome
	// first says that the task begins a file.
	first bool
}

// pipeline does tasks side by side and hands them on in order. What is ahead of the reader is bounded by the capacity of
// order: workers stand still behind it.
type pipeline struct {
	order chan *task
	work  chan *task
	group sync.WaitGroup
}

// ahead is how many tasks a worker may be ahead of what has been delivered.
const ahead = 4

func (l *Loader) start(ctx context.Context, paths []string) *pipeline {
	workers := runtime.GOMAXPROCS(0)
	p := &pipeline{order: make(chan *task, ahead*workers), work: make(chan *task, ahead*workers)}
	for range workers {
		p.group.Go(func() {
			d := &decoder{namespace: l.options.Namespace}
			for t := range p.work {
				if ctx.Err() != nil {
					continue
				}
				t.done <- t.run(d)
			}
		})
	}
	p.group.Go(func() {
		defer close(p.work)
		defer close(p.order)
		l.produce(ctx, p, paths)
	})
	return p
}

// submit takes a task, unless the context is done.
func (p *pipeline) submit(ctx context.Context, t *task) bool {
	t.done = make(chan outcome, 1)
	select {
	case p.order <- t:
	case <-ctx.Done():
		return false
	}
	select {
	case p.work <- t:
		return true
	case <-ctx.Done():
		return false
	}
}

// wait returns once nothing runs any more.
func (p *pipeline) wait() {
	for range p.order { // so that nothing waits to be put there
		continue
	}
	p.group.Wait()
}

// produce makes the tasks of all paths.
func (l *Loader) produce(ctx context.Context, p *pipeline, paths []string) {
	for entry := range l.entries(paths) {
		if ctx.Err() != nil || !l.tasks(ctx, p, entry) {
			return
		}
	}
}

// wholeFile is the size up to which a file is one task, and about the size of the parts of larger ones.
const wholeFile = 128 << 10

// tasks makes the tasks of an entry.
func (l *Loader) tasks(ctx context.Context, p *pipeline, e entry) bool {
	one := func(run func(*decoder) outcome) bool { return p.submit(ctx, &task{run: run, first: true}) }
	switch {
	case e.message != "":
		return one(func(*decoder) outcome { return unreadable(e.path, e.message) })
	case e.form == chart:
		return one(func(d *decoder) outcome { return l.chart(ctx, d, e.path) })
	case e.form == kustomization:
		return one(func(d *decoder) outcome { return l.kustomization(d, e.path) })
	case e.beside:
		return one(func(d *decoder) outcome { return l.besides(d, e.path) })
	case e.path != Stdin && e.size <= wholeFile:
		return one(func(d *decoder) outcome { return l.file(d, e.path) })
	}
	data, message := l.read(e.path)
	if message != "" {
		return one(func(*decoder) outcome { return unreadable(e.path, message) })
	}
	first := true
	for part := range parts(data) {
		if !p.submit(ctx, &task{first: first, run: func(d *decoder) outcome { return d.documents(e.path, part) }}) {
			return false
		}
		first = false
	}
	return true
}

// file reads a file that is not large.
func (l *Loader) file(d *decoder, path string) outcome {
	data, message := l.read(path)
	if message != "" {
		return unreadable(path, message)
	}
	return d.documents(path, chunk{data: data, line: 1})
}

func unreadable(path, message string) outcome {
	return outcome{unread: true, found: []found{{source: Source{File: path, Line: 1}, message: message}}}
}
