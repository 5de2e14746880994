package manifest

import (
	"bytes"
	"unicode/utf8"
)

// converted is a document as JSON, with the lines of what is in it.
type converted struct {
	json []byte
	// lines are those of all fields and items of lists, in the order of the JSON, and items those of a List's items.
	lines, items []int
}

// yamlParser turns the YAML that people and programs write for Kubernetes into JSON: block mappings and sequences, scalars
// in quotes and without, literal blocks, flow collections on one line. It takes about a twentieth of the time that the
// library takes, which is most of the time that reading takes at all. Whatever else YAML knows it leaves to the library:
// it says so, and is never wrong about what it converts. A fuzz test holds it against the library.
type yamlParser struct {
	converted
	src []byte
	pos int // of the line after this one
	// What this line holds, from its first to its last character, its column, and its number. At the end the column is -1.
	start, end int
	indent     int
	number     int

	depth   int
	atItems bool // within the items of a List
	odd     bool // there was a marker within the document
}

const maxDepth = 100

// fast converts a document of YAML; false where the library has to.
func (p *yamlParser) fast(text chunk) bool {
	data := text.data
	if bytes.IndexByte(data, '\r') >= 0 {
		data = bytes.ReplaceAll(data, []byte("\r\n"), newline)
	}
	if !simpleText(data) {
		return false
	}
	*p = yamlParser{src: data, number: text.line - 1, converted: converted{
		json: p.json[:0], lines: p.lines[:0], items: p.items[:0],
	}}
	if bytes.HasPrefix(data, []byte("---")) {
		i := bytes.IndexByte(data, '\n')
		if i < 0 || !empty(data[:i]) {
			return false
		}
		p.pos, p.number = i+1, p.number+1
	}
	p.advance()
	return p.indent >= 0 && p.src[p.start] != '%' && p.block(-1) && p.indent < 0 && !p.odd
}

// simpleText refuses control characters, tabs, and characters that YAML takes for the end of a line.
func simpleText(data []byte) bool {
	ascii := true
	for _, c := range data {
		if c < ' ' && c != '\n' || c == 0x7F {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || bytes.IndexFunc(data, unusual) < 0
}

// unusual says whether a character beyond ASCII controls something, ends a line, or is none.
func unusual(r rune) bool {
	return r >= 0x80 && r < 0xA0 || r == 0x2028 || r == 0x2029 || r >= 0xFE00
}

// advance goes to the next line that holds something.
func (p *yamlParser) advance() {
	for p.pos < len(p.src) {
		begin, end := p.pos, len(p.src)
		p.pos, p.number = end, p.number+1
		if i := bytes.IndexByte(p.src[begin:], '\n'); i >= 0 {
			end = begin + i
			p.pos = end + 1
		}
		at := begin
		for at < end && p.src[at] == ' ' {
			at++
		}
		if at == end || p.src[at] == '#' {
			continue
		}
		if at == begin && (isMarker(p.src[at:end], '-') || isMarker(p.src[at:end], '.')) {
			p.odd = true
			break
		}
		for p.src[end-1] == ' ' {
			end--
		}
		p.start, p.end, p.indent = at, end, at-begin
		return
	}
	p.indent = -1
}

func (p *yamlParser) put(text string) {
	p.json = append(p.json, text...)
}

// block converts what begins on this line, below something that stands in the column parent.
func (p *yamlParser) block(parent int) bool {
	if p.depth++; p.depth > maxDepth {
		return false
	}
	defer func() { p.depth-- }()
	if p.isItem() {
		return p.sequence(p.indent)
	}
	if _, isKey := p.colon(); isKey {
		return p.mapping(p.indent)
	}
	return p.value(parent)
}

// isItem says whether this line is an item of a sequence.
func (p *yamlParser) isItem() bool {
	return p.indent >= 0 && p.src[p.start] == '-' && (p.start+1 == p.end || p.src[p.start+1] == ' ')
}

func (p *yamlParser) sequence(column int) bool {
	p.put("[")
	for first := true; p.indent == column && p.isItem(); first = false {
		if !first {
			p.put(",")
		}
		if !p.item(column) {
			return false
		}
	}
	p.put("]")
	return p.indent <= column
}

func (p *yamlParser) item(column int) bool {
	at := p.skip(p.start + 1)
	if at < p.end && p.src[at] != '#' {
		p.beginItem(p.number)
		p.indent, p.start = p.indent+at-p.start, at
		return p.block(column)
	}
	line := p.number
	if p.advance(); p.indent > column {
		p.beginItem(p.number)
		return p.block(column)
	}
	p.beginItem(line)
	p.put("null")
	return true
}

func (p *yamlParser) beginItem(line int) {
	p.lines = append(p.lines, line)
	if p.atItems && p.depth <= 2 {
		p.items = append(p.items, line)
	}
}

func (p *yamlParser) mapping(column int) bool {
	p.put("{")
	for first := true; p.indent == column && !p.isItem(); first = false {
		if !first {
			p.put(",")
		}
		p.lines = append(p.lines, p.number)
		if !p.entry(column) {
			return false
		}
	}
	p.put("}")
	return p.indent < column
}

// entry converts a key and its value.
func (p *yamlParser) entry(column int) bool {
	colon, isKey := p.colon()
	begin := len(p.json)
	if !isKey || !p.key(bytes.TrimRight(p.src[p.start:colon], " ")) {
		return false
	}
	if p.depth == 1 {
		p.atItems = string(p.json[begin:]) == `"items"`
	}
	p.put(":")
	at := p.skip(colon + 1)
	if at < p.end && p.src[at] != '#' {
		p.start = at
		return p.value(column)
	}
	p.advance()
	switch {
	case p.indent > column:
		return p.block(column)
	case p.indent == column && p.isItem(): // items may stand in the column of their key
		p.depth++
		ok := p.sequence(column)
		p.depth--
		return ok
	}
	p.put("null")
	return true
}

// skip returns where the next character that is not a space stands on this line.
func (p *yamlParser) skip(at int) int {
	for at < p.end && p.src[at] == ' ' {
		at++
	}
	return at
}

// maxKey is a little less than what YAML allows a key to be long.
const maxKey = 1000

// colon returns where the colon after the key stands with which this line begins, and whether it begins with one.
func (p *yamlParser) colon() (at int, isKey bool) {
	at = p.start
	switch p.src[at] {
	case '{', '[': // where one is a key, something follows that is in its place no more
		return 0, false
	case '"', '\'':
		if at = p.quoteEnd(at); at < 0 {
			return 0, false
		}
		return at, p.isColon(at)
	}
	for most := min(p.end, at+maxKey); at < most; at++ {
		switch {
		case p.isColon(at):
			return at, true
		case p.src[at] == '#' && at > p.start && p.src[at-1] == ' ':
			return 0, false
		}
	}
	return 0, false
}

// isColon says whether there is a colon that ends a key.
func (p *yamlParser) isColon(at int) bool {
	return at < p.end && p.src[at] == ':' && (at+1 == p.end || p.src[at+1] == ' ')
}

// key converts a key, which must be a string.
func (p *yamlParser) key(text []byte) bool {
	if len(text) == 0 || string(text) == "<<" {
		return false
	}
	if text[0] == '"' || text[0] == '\'' {
		return p.quoted(text)
	}
	begin := len(p.json)
	return !special(text[0]) && text[0] != '-' && p.plain(text) && p.json[begin] == '"'
}

// special says whether a text without quotes may not begin so, or does so only under conditions.
func special(c byte) bool {
	return bytes.IndexByte([]byte("?:,[]{}#&*!|>'\"%@`"), c) >= 0
}

// value converts the rest of this line, and goes on to the next. Nothing may follow that stands further right than the
// column of what the value belongs to.
func (p *yamlParser) value(column int) bool {
	var end int
	var ok bool
	switch c := p.src[p.start]; c {
	case '|':
		return p.literal(column)
	case '"', '\'':
		if end = p.quoteEnd(p.start); end >= 0 {
			ok = p.quoted(p.src[p.start:end])
		}
	case '{', '[':
		end, ok = p.flow(p.start)
	default:
		return !special(c) && !p.isItem() && p.text(column)
	}
	return ok && p.ends(end) && p.next(column)
}

// next goes to the next line, which must not stand further right than the column.
func (p *yamlParser) next(column int) bool {
	p.advance()
	return p.indent <= column
}

// ends says whether nothing but a comment stands on this line from there on.
func (p *yamlParser) ends(at int) bool {
	next := p.skip(at)
	return next == p.end || p.src[next] == '#' && next > at
}
