package manifest

import (
	"bytes"
	"iter"
)

// chunk is a part of a file.
type chunk struct {
	data []byte
	line int // of its first byte, from 1
}

// parts cuts a large file between documents into parts of about the size that one worker does at a time.
func parts(data []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		part := chunk{line: 1}
		begin := 0
		for each := range split(chunk{data: data, line: 1}) {
			end := begin + len(part.data) + len(each.data)
			part.data = data[begin:end]
			if len(part.data) < wholeFile {
				continue
			}
			if !yield(part) {
				return
			}
			begin, part = end, chunk{line: each.line + bytes.Count(each.data, newline)}
		}
		if len(part.data) > 0 || begin == 0 { // an empty file is a file too
			yield(part)
		}
	}
}

var newline = []byte{'\n'}

// split cuts a text at the lines that begin or end a document of YAML: "---" and "..." at the beginning of a line end
// whatever stands before them, also a text in quotes. The chunks make up the whole text.
func split(text chunk) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		begin, at, line := 0, 0, text.line
		current := text.line
		for at < len(text.data) {
			end := len(text.data)
			if i := bytes.IndexByte(text.data[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			if isMarker(text.data[at:end], '-') && at > begin {
				if !yield(chunk{text.data[begin:at], line}) {
					return
				}
				begin, line = at, current
			}
			current++
			if isMarker(text.data[at:end], '.') {
				if !yield(chunk{text.data[begin:end], line}) {
					return
				}
				begin, line = end, current
			}
			at = end
		}
		if begin < len(text.data) {
			yield(chunk{text.data[begin:], line})
		}
	}
}

// isMarker says whether a line consists of three of the character, or begins with them and a blank.
func isMarker(line []byte, c byte) bool {
	if len(line) < 3 || line[0] != c || line[1] != c || line[2] != c {
		return false
	}
	return len(line) == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\n' || line[3] == '\r'
}

// empty says whether a document of YAML holds nothing but comments, directives and markers. It answers only where lines end
// as everybody sees them end: behind another end of a line, what looks like the rest of a comment may be an object.
func empty(data []byte) bool {
	for len(data) > 0 {
		var line []byte
		line, data, _ = bytes.Cut(data, newline)
		if line = bytes.TrimSuffix(line, []byte{'\r'}); endsWithin(line) {
			return false
		}
		if isMarker(line, '-') || isMarker(line, '.') {
			line = line[3:]
		} else if bytes.HasPrefix(line, []byte{'%'}) {
			continue
		}
		line = bytes.TrimLeft(line, " \t")
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// endsWithin says whether YAML takes something in a line for its end: a carriage return, U+0085, U+2028 or U+2029.
func endsWithin(line []byte) bool {
	return bytes.ContainsAny(line, "\r\u0085\u2028\u2029")
}

// begins returns the line on which the first thing in a document stands.
func begins(text chunk) int {
	line := text.line
	for rest := text.data; len(rest) > 0; line++ {
		var first []byte
		first, rest, _ = bytes.Cut(rest, newline)
		if !empty(first) {
			return line
		}
	}
	return text.line
}
