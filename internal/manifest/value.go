package manifest

import (
	"bytes"
	"iter"
	"strings"
	"sync"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// value is an object in a document: the document itself, or an item of a List.
type value struct {
	source Source
	json   []byte
	head   head
	// tree is the same with its lines. It is made only where it is asked for, and once.
	tree func() *node
	// item makes the items of a List.
	item func(v *value, place int, e element)
	// nested counts the Lists that it stands in.
	nested int
	// lossy says that the JSON does not show which fields stand twice.
	lossy bool
}

// reader reads the objects in a text, one document of YAML or several of JSON, without decoding them. What it yields is
// good until it reads the next text.
type reader struct {
	yaml yamlParser
	// documents is how many documents the last text held that were not empty.
	documents int
}

// read goes over the objects, or what is wrong with those that cannot be read. documents is how many documents the file
// has before the text.
func (r *reader) read(path string, documents int, text chunk) iter.Seq2[*value, *flaw] {
	return func(yield func(*value, *flaw) bool) {
		if r.documents = 0; empty(text.data) {
			return
		}
		v := &value{source: Source{File: path, Document: documents, Line: begins(text)}}
		if !utf8.Valid(text.data) {
			r.documents = 1
			yield(v, &flaw{notUTF8(text), "The document is not UTF-8: save the file as UTF-8."})
			return
		}
		if first := bytes.TrimLeft(text.data, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') {
			if parts, ok := jsonDocuments(text.data); ok {
				r.jsonValues(v.source, text, parts, yield)
				return
			}
		}
		if bad := r.yamlValue(v, text); bad != nil {
			r.documents = 1
			yield(v, bad)
		} else if v.json != nil && string(v.json) != "null" {
			r.documents = 1
			v.flatten(head{}, new(int), yield)
		}
	}
}

func notUTF8(text chunk) int {
	for at := 0; at < len(text.data); {
		r, size := utf8.DecodeRune(text.data[at:])
		if r == utf8.RuneError && size == 1 {
			return text.line + bytes.Count(text.data[:at], newline)
		}
		at += size
	}
	return text.line
}

// yamlValue reads a document of YAML. There is no JSON where the document holds nothing.
func (r *reader) yamlValue(v *value, text chunk) *flaw {
	line := v.source.Line
	if r.yaml.fast(text) {
		c := r.yaml.converted
		v.json, v.tree = c.json, sync.OnceValue(func() *node { return fastTree(&c, line) })
		v.item = func(item *value, place int, _ element) {
			item.tree, item.source.Line = itemTree(v, place), line
			if place < len(c.items) {
				item.source.Line = c.items[place]
			}
		}
		return nil
	}
	data, tree, bad := slow(text)
	if bad != nil || tree == nil {
		return bad
	}
	v.json, v.lossy, v.tree, v.source.Line = data, true, func() *node { return tree }, tree.line
	v.item = func(item *value, place int, _ element) {
		item.tree = itemTree(v, place)
		item.source.Line = item.tree().line
	}
	return nil
}

func fastTree(c *converted, line int) *node {
	next := -1 // the document itself comes first
	tree := jsonTree(c.json, 0, func(int) int {
		if next++; next == 0 || next > len(c.lines) {
			return line
		}
		return c.lines[next-1]
	})
	return &tree
}

// itemTree returns the tree of an item within that of its List.
func itemTree(list *value, place int) func() *node {
	return func() *node {
		tree := list.tree()
		if items := tree.field("items"); items != nil && place < len(items.children) {
			return &items.children[place]
		}
		return tree
	}
}

// jsonValues reads documents of JSON.
func (r *reader) jsonValues(first Source, text chunk, parts []element, yield func(*value, *flaw) bool) {
	lineAt := lineCounter(text)
	for _, part := range parts {
		data := text.data[part.begin:part.end]
		if string(data) == "null" {
			continue
		}
		v := &value{source: first, json: data}
		v.source.Document += r.documents
		v.source.Line = lineAt(part.begin)
		v.tree = jsonValueTree(data, v.source.Line)
		v.item = func(item *value, _ int, e element) {
			item.source.Line = lineAt(part.begin + e.begin)
			item.tree = jsonValueTree(item.json, item.source.Line)
		}
		r.documents++
		if !v.flatten(head{}, new(int), yield) {
			return
		}
	}
}

func jsonValueTree(data []byte, line int) func() *node {
	return sync.OnceValue(func() *node {
		tree := jsonTree(data, 0, lineCounter(chunk{data, line}))
		return &tree
	})
}

// lineCounter tells the lines of places, best of such that come one after the other.
func lineCounter(text chunk) func(at int) int {
	line, counted := text.line, 0
	return func(at int) int {
		if at < counted {
			line, counted = text.line, 0
		}
		line += bytes.Count(text.data[counted:at], newline)
		counted = at
		return line
	}
}

// listSuffix ends the names of the kinds of Lists, and is one itself.
const listSuffix = "List"

// maxNested is how deep Lists stand in Lists.
const maxNested = 8

// all goes over the object, or over the items of a List.
func (v *value) all() iter.Seq2[*value, *flaw] {
	return func(yield func(*value, *flaw) bool) { v.flatten(head{}, new(int), yield) }
}

// flatten yields an object, or the items of a List in its place. Items of a List of one kind need not name theirs.
func (v *value) flatten(list head, items *int, yield func(*value, *flaw) bool) bool {
	if v.json[0] == '{' {
		v.head = headOf(v.json)
	}
	h := &v.head
	if v.lossy && h.items != nil {
		h.twice = v.tree().twiceItself("items")
	}
	if h.kind == "" && h.apiVersion == "" {
		h.apiVersion, h.kind = list.apiVersion, list.kind
	}
	if !h.isList() {
		if list.items != nil {
			*items++
			v.source.Item = *items
		}
		return yield(v, nil)
	}
	return v.unpack(items, yield)
}

// unpack yields what is wrong with a List itself, and its items.
func (v *value) unpack(items *int, yield func(*value, *flaw) bool) bool {
	if bad := v.oddList(); bad != nil && !yield(v, bad) {
		return false
	}
	switch {
	case v.head.items == nil:
		return true
	case v.nested == maxNested:
		return yield(v, &flaw{v.source.Line, "The List stands in too many others: take its items out."})
	}
	return v.eachItem(items, yield)
}

func (v *value) eachItem(items *int, yield func(*value, *flaw) bool) bool {
	inherited := head{items: v.head.items}
	if v.head.kind != listSuffix {
		inherited.apiVersion, inherited.kind = v.head.apiVersion, strings.TrimSuffix(v.head.kind, listSuffix)
	}
	place := 0
	for e := range elements(v.json, v.head.itemsAt) {
		item := &value{source: v.source, json: v.json[e.begin:e.end], lossy: v.lossy, nested: v.nested + 1}
		v.item(item, place, e)
		item.item = func(inner *value, place int, _ element) {
			inner.tree = itemTree(item, place)
			inner.source.Line = inner.tree().line
		}
		if !item.flatten(inherited, items, yield) {
			return false
		}
		place++
	}
	return true
}

// oddList says what is wrong with a List itself: a word that is misspelled would hide its items.
func (v *value) oddList() *flaw {
	h := &v.head
	_, isOwn := h.listOf()
	switch {
	case !isOwn:
	case h.other != "":
		line := v.source.Line
		if field := v.tree().field(h.other); field != nil {
			line = field.line
		}
		return flawf(line, "Unknown field %s of the %s: it holds nothing but metadata and items. Correct or remove it.", h.other, h.kind)
	case !h.hasItems:
		return &flaw{v.source.Line, "The " + h.kind + " has no items: write items: [] if there are none."}
	}
	return nil
}

// isList says whether an object is a List of some kind of Kubernetes: every one has its own. What is called otherwise, or
// is a kind of others, is one for kubectl as soon as it has items; so it is here where those are objects.
func (h *head) isList() bool {
	if h.odd != "" || h.twice != "" || h.kind == "" {
		return false
	}
	if of, isOwn := h.listOf(); isOwn {
		_, isRead := kinds[of]
		return len(h.items) > 0 || of == "" || isRead
	}
	_, isRead := kinds[h.kind]
	return !isRead && h.holdsObjects()
}

// listOf returns the kind that a List holds, of Kubernetes or of another that is read; it is empty for one of all kinds.
func (h *head) listOf() (kind string, ok bool) {
	group, version, _ := strings.Cut(h.apiVersion, "/")
	kind, ok = strings.CutSuffix(h.kind, listSuffix)
	_, isRead := foreign(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
	return kind, ok && (isRead || ofKubernetes(group))
}

// holdsObjects says whether an item is an object of Kubernetes.
func (h *head) holdsObjects() bool {
	if len(h.items) == 0 {
		return false
	}
	for e := range elements(h.items, 0) {
		if item := h.items[e.begin:e.end]; item[0] == '{' {
			if inner := headOf(item); inner.apiVersion != "" && inner.kind != "" {
				return true
			}
		}
	}
	return false
}

// lineOf returns the source with the line of a field.
func (v *value) lineOf(path string) Source {
	source := v.source
	source.Line = v.tree().follow(path).line
	return source
}
