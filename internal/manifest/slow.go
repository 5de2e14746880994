package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// flaw is why a document cannot be read, and on which line.
type flaw struct {
	line    int
	message string
}

// slow converts a document of YAML with the library that kubectl uses, which knows all of YAML and no lines; another one
// tells those. Nothing is returned for a document without content.
func slow(text chunk) (data []byte, tree *node, bad *flaw) {
	root, bad := parse(text)
	if root == nil || bad != nil {
		return nil, nil, bad
	}
	if isBlownUp(root, text) {
		return nil, nil, &flaw{begins(text), blownUp}
	}
	data, err := yaml.YAMLToJSON(text.data)
	if err != nil {
		bad = yamlFlaw(text, err)
		return nil, nil, bad
	}
	t := yamlTree(root, text.line-1)
	return data, &t, nil
}

// parse reads the one document in a text.
func parse(text chunk) (root *yamlv3.Node, bad *flaw) {
	documents := yamlv3.NewDecoder(bytes.NewReader(text.data))
	for {
		var document yamlv3.Node
		err := documents.Decode(&document)
		switch {
		case errors.Is(err, io.EOF):
			return root, nil
		case err != nil:
			return nil, yamlFlaw(text, err)
		case root != nil:
			return nil, &flaw{text.line + document.Line - 1, "A document begins within another: put a line of --- between them."}
		case len(document.Content) > 0:
			root = document.Content[0]
		}
	}
}

var yamlLine = regexp.MustCompile(`^(?:error converting YAML to JSON: )?yaml: (?:unmarshal errors:\s+)?(?:line (\d+): )?((?s).*)$`)

// yamlFlaw reads the line out of an error of a library.
func yamlFlaw(text chunk, err error) *flaw {
	message, line := err.Error(), begins(text)
	if parts := yamlLine.FindStringSubmatch(message); parts != nil {
		message = parts[2]
		if n, failed := strconv.Atoi(parts[1]); failed == nil {
			line = text.line + min(n-1, bytes.Count(text.data, newline))
		}
	}
	switch odd := bytes.IndexFunc(text.data, isControl); {
	case strings.HasPrefix(message, "control characters") && odd >= 0:
		line = text.line + bytes.Count(text.data[:odd], newline)
	case strings.HasPrefix(message, "unknown anchor"):
		_, name, _ := strings.Cut(message, "'")
		name, _, _ = strings.Cut(name, "'")
		if at := bytes.Index(text.data, []byte("*"+name)); at >= 0 {
			line = text.line + bytes.Count(text.data[:at], newline)
		}
	}
	what := "The document is not YAML: "
	if first := bytes.TrimLeft(text.data, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') {
		what = "The document is neither JSON nor YAML: "
	}
	return &flaw{line, what + strings.TrimSuffix(message, ".") + "."}
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r'
}

const blownUp = "The aliases of the document blow it up: write out what they stand for."

func isBlownUp(root *yamlv3.Node, text chunk) bool {
	return expanded(root, map[*yamlv3.Node]int{}) > maxExpanded+len(text.data)
}

// maxExpanded is how many bytes aliases may add to a document, about.
const maxExpanded = 1 << 20

// tooDeep is more than aliases can make of any document that is meant to be read.
const tooDeep = 1 << 40

// expanded returns about how many bytes a node takes with its aliases written out.
func expanded(n *yamlv3.Node, known map[*yamlv3.Node]int) int {
	if size, ok := known[n]; ok {
		return size
	}
	known[n] = tooDeep // for an anchor within itself
	size := len(n.Value) + 1
	if n.Alias != nil {
		size = expanded(n.Alias, known)
	}
	for _, child := range n.Content {
		size = min(tooDeep, size+expanded(child, known))
	}
	known[n] = size
	return size
}

// yamlTree returns a node with its lines. An object has the fields that are merged into it.
func yamlTree(n *yamlv3.Node, above int) node {
	if n.Kind == yamlv3.AliasNode {
		n = n.Alias
	}
	t := node{line: above + n.Line, text: n.Value, list: n.Kind == yamlv3.SequenceNode}
	if n.Kind != yamlv3.MappingNode {
		for _, child := range n.Content {
			item := yamlTree(child, above)
			item.line = above + child.Line
			t.children = append(t.children, item)
		}
		return t
	}
	var merged []node
	for i := 0; i+1 < len(n.Content); i += 2 {
		field := yamlTree(n.Content[i+1], above)
		if n.Content[i].Tag == "!!merge" {
			merged = append(merged, field)
			continue
		}
		field.key, field.line = n.Content[i].Value, above+n.Content[i].Line
		t.children = append(t.children, field)
	}
	for _, from := range merged {
		t.merge(&from)
	}
	return t
}

// merge adds the fields of another object, or of several, that an object has not itself.
func (n *node) merge(from *node) {
	for i := range from.children {
		switch child := &from.children[i]; {
		case from.list:
			n.merge(child)
		case n.field(child.key) == nil:
			n.children = append(n.children, *child)
		}
	}
}

func (f *flaw) at(source Source) found {
	source.Line = f.line
	return found{source: source, message: f.message}
}

func flawf(line int, format string, args ...any) *flaw {
	return &flaw{line, fmt.Sprintf(format, args...)}
}
