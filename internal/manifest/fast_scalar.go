package manifest

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text converts a scalar without quotes, which may go on over the next lines.
func (p *yamlParser) text(column int) bool {
	text := p.src[p.start:p.end]
	if i := bytes.Index(text, comment); i >= 0 {
		text = bytes.TrimRight(text[:i], " ")
		return oneLine(text) && p.plain(text) && p.next(column)
	}
	if !oneLine(text) {
		return false
	}
	last := p.number
	if p.next(column) {
		return p.plain(text)
	}
	folded := bytes.Clone(text)
	for ; p.indent > column; p.advance() {
		// A line that was passed over was blank or a comment: both mean something here.
		next := p.src[p.start:p.end]
		if p.number != last+1 || !p.goesOn(next) {
			return false
		}
		folded = append(append(folded, ' '), next...)
		last = p.number
	}
	return p.plain(folded)
}

// comment is how one begins after something else.
var comment = []byte(" #")

// goesOn says whether this line can go on with the text of the line before.
func (p *yamlParser) goesOn(line []byte) bool {
	return oneLine(line) && !bytes.Contains(line, comment) && !special(line[0]) && !p.isItem()
}

// oneLine says whether nothing in a text without quotes makes it a key.
func oneLine(text []byte) bool {
	return !bytes.Contains(text, []byte(": ")) && text[len(text)-1] != ':'
}

// words are the texts without quotes that are no strings, as YAML 1.1 has them and kubectl takes them.
var words = map[string]string{
	"~": "null", "null": "null", "Null": "null", "NULL": "null",
	"y": "true", "Y": "true", "yes": "true", "Yes": "true", "YES": "true",
	"true": "true", "True": "true", "TRUE": "true", "on": "true", "On": "true", "ON": "true",
	"n": "false", "N": "false", "no": "false", "No": "false", "NO": "false",
	"false": "false", "False": "false", "FALSE": "false", "off": "false", "Off": "false", "OFF": "false",
}

// plain converts a text without quotes: a word, a number, or else a string.
//
// Source: resolve.go of go.yaml.in/yaml/v2, which kubectl reads YAML with.
func (p *yamlParser) plain(text []byte) bool {
	if word, ok := words[string(text)]; ok {
		p.put(word)
		return true
	}
	switch c := text[0]; {
	case c != '.' && c != '+' && c != '-' && (c < '0' || c > '9'):
	case isInteger(text):
		p.json = append(p.json, text...)
		return true
	case maybeOdd(text) || isOddNumber(text):
		return p.fraction(text)
	}
	p.quote(text)
	return true
}

// maybeOdd says whether a text begins like .5, .inf, -.5 or .nan.
func maybeOdd(text []byte) bool {
	rest := text[1:]
	if text[0] == '+' || text[0] == '-' {
		return len(rest) > 0 && rest[0] == '.'
	}
	return text[0] == '.' && len(rest) > 0 && bytes.IndexByte([]byte("0123456789nNiI"), rest[0]) >= 0
}

// yamlFloat is what YAML takes for a number with a fraction.
var yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// isInteger says whether a text is a whole number that is written as in JSON.
func isInteger(text []byte) bool {
	digits := bytes.TrimPrefix(text, []byte{'-'})
	if len(digits) == 0 || len(digits) > 18 || digits[0] == '0' && len(text) > 1 {
		return false
	}
	return digitsOnly(digits)
}

func digitsOnly(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// fraction converts a number such as 0.5.
func (p *yamlParser) fraction(text []byte) bool {
	whole, rest, _ := bytes.Cut(text, []byte{'.'})
	if len(whole) == 0 || len(whole) > 9 || len(rest) == 0 || len(rest) > 6 || !digitsOnly(whole) || !digitsOnly(rest) {
		return false
	}
	number, err := strconv.ParseFloat(string(text), 64)
	p.json = strconv.AppendFloat(p.json, number, 'f', -1, 64)
	return err == nil && (whole[0] != '0' || len(whole) == 1)
}

// isOddNumber says whether a text is a number of another sort, in any of the ways to write one.
func isOddNumber(text []byte) bool {
	for _, c := range text {
		if bytes.IndexByte([]byte("0123456789abcdefABCDEFxXoO_.+-"), c) < 0 {
			return false // such as 100m and 1.2.3-rc1
		}
	}
	plain := string(bytes.ReplaceAll(text, []byte{'_'}, nil))
	if _, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return true
	}
	if _, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return true
	}
	return yamlFloat.MatchString(plain) || strings.HasPrefix(plain, "0b") || strings.HasPrefix(plain, "-0b")
}

// quoteEnd returns where a text in quotes that begins there ends on this line, past the quotes; -1 where it does not.
func (p *yamlParser) quoteEnd(at int) int {
	quote := p.src[at]
	for at++; at < p.end; at++ {
		switch c := p.src[at]; {
		case c == '\\' && quote == '"':
			at++
		case c == quote && quote == '\'' && at+1 < p.end && p.src[at+1] == quote:
			at++
		case c == quote:
			return at + 1
		}
	}
	return -1
}

// quoted converts a text in quotes. Of the escapes it knows those that mean the same in JSON.
func (p *yamlParser) quoted(text []byte) bool {
	inner := text[1 : len(text)-1]
	if text[0] == '\'' {
		if bytes.IndexByte(inner, '\'') >= 0 {
			inner = bytes.ReplaceAll(inner, []byte("''"), []byte{'\''})
		}
		p.quote(inner)
		return true
	}
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			continue
		}
		if i++; i == len(inner) || bytes.IndexByte([]byte(`"\/bfnrt`), inner[i]) < 0 {
			return false
		}
	}
	p.json = append(p.json, text...)
	return true
}

// quote writes a string of JSON. Of control characters a text holds at most line feeds.
func (p *yamlParser) quote(text []byte) {
	p.json = append(p.json, '"')
	p.escape(text)
	p.json = append(p.json, '"')
}

func (p *yamlParser) escape(text []byte) {
	for _, c := range text {
		if c == '"' || c == '\\' {
			p.json = append(p.json, '\\')
		}
		p.json = append(p.json, c)
	}
}

// literal converts a block of lines after "|" or "|-".
func (p *yamlParser) literal(column int) bool {
	header := string(p.src[p.start:p.end])
	if header != "|" && header != "|-" {
		return false
	}
	p.put(`"`)
	if !p.lineByLine(column) {
		return false
	}
	if header == "|" {
		p.put(`\n`)
	}
	p.put(`"`)
	return p.next(column)
}

// lineByLine converts the lines of a literal block. It must stand further right than the column, and must not begin with
// blank lines; and nothing but line feeds may be on blank ones.
func (p *yamlParser) lineByLine(column int) bool {
	indent, breaks := -1, 0
	for p.pos < len(p.src) {
		length := bytes.IndexByte(p.src[p.pos:], '\n')
		if length < 0 {
			return false
		}
		line := p.src[p.pos : p.pos+length]
		text := bytes.TrimLeft(line, " ")
		at := len(line) - len(text)
		if indent < 0 {
			indent = at
		}
		if indent <= column || len(text) == 0 && (breaks == 0 || at > indent) {
			return false
		}
		if len(text) > 0 {
			if at < indent {
				break
			}
			p.put(strings.Repeat(`\n`, breaks))
			p.escape(line[indent:])
			breaks = 0
		}
		breaks++
		p.pos, p.number = p.pos+length+1, p.number+1
	}
	return breaks > 0
}

// flow converts a flow collection that begins there and ends on this line, and returns where it ends.
func (p *yamlParser) flow(at int) (end int, ok bool) {
	if p.depth++; p.depth > maxDepth {
		return 0, false
	}
	defer func() { p.depth-- }()
	open, closing := p.src[at], byte(']')
	if open == '{' {
		closing = '}'
	}
	p.json = append(p.json, open)
	if at = p.skip(at + 1); at < p.end && p.src[at] == closing {
		p.json = append(p.json, closing)
		return at + 1, true
	}
	for at < p.end {
		if at, ok = p.flowEntry(at, open == '{'); !ok {
			return 0, false
		}
		if at = p.skip(at); at < p.end && p.src[at] == closing {
			p.json = append(p.json, closing)
			return at + 1, true
		}
		if at >= p.end || p.src[at] != ',' {
			return 0, false
		}
		p.put(",")
		at = p.skip(at + 1)
	}
	return 0, false
}

// flowEntry converts a field or an item within a flow collection.
func (p *yamlParser) flowEntry(at int, isField bool) (end int, ok bool) {
	if !isField {
		p.beginItem(p.number)
		return p.flowValue(at)
	}
	p.lines = append(p.lines, p.number)
	if at, ok = p.flowKey(at); !ok {
		return 0, false
	}
	return p.flowValue(at)
}

func (p *yamlParser) flowKey(at int) (end int, ok bool) {
	begin := len(p.json)
	if end, ok = p.flowScalar(at); !ok || p.json[begin] != '"' || string(p.json[begin:]) == `"<<"` {
		return 0, false
	}
	if !p.isColon(end) {
		return 0, false
	}
	p.put(":")
	end = p.skip(end + 1)
	return end, end < p.end
}

func (p *yamlParser) flowValue(at int) (end int, ok bool) {
	if c := p.src[at]; c == '{' || c == '[' {
		return p.flow(at)
	}
	return p.flowScalar(at)
}

// flowScalar converts a scalar within a flow collection; without quotes only one of harmless characters.
func (p *yamlParser) flowScalar(at int) (end int, ok bool) {
	if c := p.src[at]; c == '"' || c == '\'' {
		if end = p.quoteEnd(at); end < 0 {
			return 0, false
		}
		return end, p.quoted(p.src[at:end])
	}
	end = at
	for end < p.end && p.harmless(end) {
		end++
	}
	text := bytes.TrimRight(p.src[at:end], " ")
	if len(text) == 0 || string(text) == "-" || bytes.IndexByte([]byte("@%=*:"), text[0]) >= 0 {
		return 0, false
	}
	return at + len(text), p.plain(text)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// harmless says whether a character means nothing within a flow collection.
func (p *yamlParser) harmless(at int) bool {
	c := p.src[at]
	if c == ':' {
		return at+1 < p.end && isWord(p.src[at+1])
	}
	return isWord(c) || c >= utf8.RuneSelf || bytes.IndexByte([]byte(" _-./+=@%*"), c) >= 0
}
