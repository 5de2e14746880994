package manifest

import (
	"bytes"
	"regexp"
	"sort"
	"sync"
)

// maxTree is the size up to which a document is read again to find a line in it.
const maxTree = 8 << 20

// lineCache holds the file and the document that were asked for last: findings come object by object.
type lineCache struct {
	mu     sync.Mutex
	file   string
	chunks []chunk
	reader reader
	place  int // of the chunk that was read last, from 1
	values []*value
}

// Line returns the line on which a field of an object stands, such as
// "spec.template.spec.containers[app].securityContext.capabilities.add"; where it is not there, that of the innermost
// field around it that is, and at worst that of the object. It reads the file once more, and keeps it until another one is
// asked for.
func (l *Loader) Line(source Source, path string) int {
	l.lines.mu.Lock()
	defer l.lines.mu.Unlock()
	tree := l.tree(source)
	if tree == nil {
		return source.Line
	}
	return tree.follow(path).line
}

// tree returns the object that stands there, or nil where it cannot be found any more.
func (l *Loader) tree(source Source) *node {
	c := &l.lines
	if c.file != source.File || c.chunks == nil {
		c.file, c.chunks, c.place, c.values = source.File, l.chunks(source.File), 0, nil
	}
	place := sort.Search(len(c.chunks), func(i int) bool { return c.chunks[i].line > source.Line })
	if place == 0 {
		return nil
	}
	if c.place != place {
		c.place, c.values = place, nil
		for v := range c.reader.read(source.File, 0, c.chunks[place-1]) {
			c.values = append(c.values, v)
		}
	}
	for _, v := range c.values {
		if v.source.Line == source.Line && v.source.Item == source.Item && v.tree != nil && len(v.json) <= maxTree {
			return v.tree()
		}
	}
	return nil
}

// chunks reads the documents of a file; nil where it cannot be read.
func (l *Loader) chunks(file string) []chunk {
	var data []byte
	if file == Stdin {
		l.mu.Lock()
		data = l.stdins
		l.mu.Unlock()
	} else {
		data, _ = l.read(file)
	}
	var chunks []chunk
	for each := range split(chunk{withoutActions(data), 1}) {
		chunks = append(chunks, each)
	}
	return chunks
}

// What a template does: alone on its lines, and within one.
var (
	loneAction = regexp.MustCompile(`(?m)^[ \t]*\{\{(?:[^}]|\}[^}])*\}\}[ \t]*$`)
	action     = regexp.MustCompile(`\{\{(?:[^}]|\}[^}])*\}\}`)
)

// withoutActions puts something that is YAML in the place of what a template of a chart does, line for line, so that what
// stands around it is found.
func withoutActions(template []byte) []byte {
	if !bytes.Contains(template, []byte("{{")) {
		return template
	}
	template = loneAction.ReplaceAllFunc(template, func(found []byte) []byte {
		return bytes.Repeat(newline, bytes.Count(found, newline))
	})
	return action.ReplaceAllFunc(template, func(found []byte) []byte {
		return append([]byte{'x'}, bytes.Repeat(newline, bytes.Count(found, newline))...)
	})
}
