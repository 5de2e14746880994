package manifest

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
)

// The scanner goes over JSON that is known to be valid. What is not valid it may take for anything, but it always ends.

// blanks returns where the next character stands that is not blank.
func blanks(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\n' || data[at] == '\r' || data[at] == '\t') {
		at++
	}
	return at
}

// past returns where the value ends that begins there.
func past(data []byte, at int) int {
	for depth := 0; at < len(data); at++ {
		switch data[at] {
		case '"':
			if at = pastString(data, at) - 1; depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
			if depth < 0 { // the value was a number or a word, the last of what it stands in
				return at
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return at
			}
		}
	}
	return len(data)
}

func pastString(data []byte, at int) int {
	for at++; at < len(data); at++ {
		switch data[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(data)
}

// element is a field of an object, or an item of a list.
type element struct {
	key        string // of a field
	at         int    // where the field or the item begins
	begin, end int    // of its value
}

// elements goes over what is in an object or a list that begins there.
func elements(data []byte, at int) iter.Seq[element] {
	return func(yield func(element) bool) {
		if at >= len(data) {
			return
		}
		isObject := data[at] == '{'
		for at = blanks(data, at+1); at < len(data) && data[at] != '}' && data[at] != ']'; at = blanks(data, at) {
			e := element{at: at}
			if isObject {
				end := pastString(data, at)
				e.key = unquote(data[at:end])
				at = blanks(data, blanks(data, end)+1)
			}
			e.begin = at
			if e.end = past(data, at); e.end == at || !yield(e) {
				return
			}
			if at = blanks(data, e.end); at < len(data) && data[at] == ',' {
				at++
			}
		}
	}
}

// unquote returns what a string of JSON says; a text that is none as it is.
func unquote(text []byte) string {
	if len(text) >= 2 && text[0] == '"' && bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return string(text)
	}
	return s
}

// head is what says how to read an object.
type head struct {
	apiVersion, kind string
	items            []byte // of a List
	itemsAt          int
	// hasItems says that there is such a field, and other is the first one that a List has not.
	hasItems bool
	other    string
	// odd is a field of those that is not of the type it must be, and twice one that stands there twice.
	odd, twice string
}

// headOf reads the head of an object.
func headOf(data []byte) head {
	var h head
	for e := range elements(data, blanks(data, 0)) {
		value := data[e.begin:e.end]
		switch e.key {
		case "apiVersion":
			h.text(&h.apiVersion, e.key, value)
		case "kind":
			h.text(&h.kind, e.key, value)
		case "items":
			if h.items != nil {
				h.twice = e.key
			}
			h.items, h.itemsAt, h.hasItems = value, e.begin, true
		default:
			h.note(e.key)
		}
	}
	if len(h.items) > 0 && h.items[0] != '[' {
		if string(h.items) != "null" && strings.HasSuffix(h.kind, listSuffix) {
			h.odd = "items"
		}
		h.items = nil
	}
	return h
}

// note notes a field that a List has not.
func (h *head) note(key string) {
	if h.other == "" && key != "metadata" {
		h.other = key
	}
}

// text reads a field that must be a string.
func (h *head) text(field *string, key string, value []byte) {
	switch {
	case value[0] != '"':
		h.odd = key
	case *field != "":
		h.twice = key
	}
	*field = unquote(value)
}

// jsonDocuments cuts what may be several values of JSON, one after the other; false where it is none.
func jsonDocuments(data []byte) (documents []element, ok bool) {
	for at := blanks(data, 0); at < len(data); at = blanks(data, at) {
		end := past(data, at)
		if end == at || !json.Valid(data[at:end]) {
			return nil, false
		}
		documents = append(documents, element{begin: at, end: end})
		at = end
	}
	return documents, len(documents) > 0
}
