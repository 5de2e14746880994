package manifest

import (
	"strconv"
	"strings"
)

// node is a value in a document, with the line on which it begins; a field begins with its key.
type node struct {
	key      string // of a field
	text     string // of a scalar
	line     int
	list     bool // of a list the children are items, of an object fields
	children []node
}

// jsonTree reads a value of JSON that begins there. It asks for the lines of fields and items in their order.
func jsonTree(data []byte, at int, line func(at int) int) node {
	n := node{line: line(at)}
	fill(&n, data, at, line)
	return n
}

func fill(n *node, data []byte, at int, line func(at int) int) {
	if at >= len(data) {
		return
	}
	if data[at] != '{' && data[at] != '[' {
		n.text = unquote(data[at:past(data, at)])
		return
	}
	n.list = data[at] == '['
	for e := range elements(data, at) {
		child := node{key: e.key, line: line(e.at)}
		fill(&child, data, e.begin, line)
		n.children = append(n.children, child)
	}
}

// field returns a field of an object. Of those that stand twice, the last one counts.
func (n *node) field(key string) *node {
	for i := len(n.children) - 1; i >= 0 && !n.list; i-- {
		if n.children[i].key == key {
			return &n.children[i]
		}
	}
	return nil
}

// item returns the item of a list that a path means by what it says in brackets: most often the name, of mounts the path,
// of ports the number and the protocol, of scalars the value, else the place in the list.
func (n *node) item(list, selector string) *node {
	for i := range n.children {
		if n.children[i].is(list, selector) {
			return &n.children[i]
		}
	}
	if i, err := strconv.Atoi(selector); err == nil && i >= 0 && i < len(n.children) {
		return &n.children[i]
	}
	return nil
}

func (n *node) is(list, selector string) bool {
	number, protocol, isPort := strings.Cut(selector, "/")
	switch {
	case len(n.children) == 0:
		return n.text == selector
	case list == "volumeMounts":
		return n.says("mountPath", selector)
	case list == "ports" && isPort:
		return n.says("containerPort", number) && (n.says("protocol", protocol) || n.field("protocol") == nil)
	case n.field("name") == nil && n.field("metadata") != nil: // a claim of a StatefulSet
		return n.field("metadata").is(list, selector)
	}
	return n.says("name", selector)
}

// says says whether a field of an object is this text.
func (n *node) says(key, text string) bool {
	field := n.field(key)
	return field != nil && field.text == text
}

// name returns what a path calls an item of a list.
func (n *node) name(place int) string {
	if field := n.field("name"); field != nil && field.text != "" {
		return field.text
	}
	return strconv.Itoa(place)
}

// follow goes along a path as far as there is something, and returns where it ends.
func (n *node) follow(path string) *node {
	at := n
	for path != "" {
		key, selector, rest := cutPath(path)
		next := at.field(key)
		switch {
		case next == nil && at == n && selector != "" && rest != "":
			next = at // the path begins with the object, because an owner has several
		case next == nil:
			return at
		case selector != "":
			inner := next.inner(key, selector)
			if inner == nil {
				return next
			}
			next = inner
		}
		at, path = next, rest
	}
	return at
}

func (n *node) inner(key, selector string) *node {
	if n.list {
		return n.item(key, selector)
	}
	return n.field(selector)
}

// cutPath takes the first element off a path: a key, and what is in brackets after it, which may hold dots.
func cutPath(path string) (key, selector, rest string) {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, "", ""
	}
	key, rest = path[:end], path[end:]
	if rest[0] == '[' {
		selector, rest, _ = strings.Cut(rest[1:], "]")
	}
	return key, selector, strings.TrimPrefix(rest, ".")
}

// named writes a path that counts items, such as "spec.containers[0].image", with their names in place of the numbers.
func (n *node) named(path string) string {
	var b strings.Builder
	at := n
	for path != "" {
		key, selector, rest := cutPath(path)
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(key)
		if at != nil {
			at = at.field(key)
		}
		if selector != "" {
			place, err := strconv.Atoi(selector)
			if at != nil && err == nil && place < len(at.children) {
				at = &at.children[place]
				selector = at.name(place)
			}
			b.WriteString("[" + selector + "]")
		}
		path = rest
	}
	return b.String()
}

// twice goes over the fields that stand twice in an object, wherever in the tree, and calls them by their paths.
func (n *node) twice(path string, found func(path string, line int)) {
	seen := make(map[string]bool, len(n.children))
	for i := range n.children {
		child := &n.children[i]
		below := strings.TrimPrefix(path+"."+child.key, ".")
		if n.list {
			below = path + "[" + child.name(i) + "]"
		} else if seen[child.key] {
			found(below, child.line)
		}
		seen[child.key] = true
		child.twice(below, found)
	}
}

// twiceItself returns the key if it stands twice in an object.
func (n *node) twiceItself(key string) string {
	count := 0
	for i := range n.children {
		if n.children[i].key == key {
			count++
		}
	}
	if count > 1 {
		return key
	}
	return ""
}
