package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// How the texts of other encodings begin.
var (
	utf8Mark    = []byte{0xEF, 0xBB, 0xBF}
	utf16Marks  = [][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}}
	utf16Braces = [][]byte{{0, '{'}, {'{', 0}, {0, 'a'}, {'a', 0}, {0, '-'}, {'-', 0}}
)

// read returns the text of a file, or why there is none.
func (l *Loader) read(path string) (data []byte, message string) {
	if path == Stdin {
		return l.readStdin()
	}
	file, err := os.Open(path) //nolint:gosec // to read the files that the user names is what it is for
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, reason(err)
	}
	if info.Size() > l.options.MaxFileBytes {
		return nil, tooLarge(info.Size(), l.options.MaxFileBytes)
	}
	return l.text(file, info.Size())
}

func (l *Loader) readStdin() (data []byte, message string) {
	if l.stdin == nil {
		return nil, "There is no standard input to read."
	}
	if data, message = l.text(l.stdin, 0); message != "" {
		return nil, message
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stdins = data
	return data, ""
}

// text reads what is expected to be of a size, and looks at the encoding.
func (l *Loader) text(from io.Reader, size int64) (data []byte, message string) {
	var buffer bytes.Buffer
	buffer.Grow(int(size) + bytes.MinRead)
	if _, err := buffer.ReadFrom(io.LimitReader(from, l.options.MaxFileBytes+1)); err != nil {
		return nil, reason(err)
	}
	if int64(buffer.Len()) > l.options.MaxFileBytes {
		return nil, tooLarge(0, l.options.MaxFileBytes)
	}
	return plainText(buffer.Bytes())
}

// tooLarge says that a file is larger than what is read at most; 0 is a size that is not known.
func tooLarge(size, most int64) string {
	what := "The input is longer"
	if size > 0 {
		what = fmt.Sprintf("The file has %d bytes, which is more", size)
	}
	return fmt.Sprintf("%s than the %d bytes that are read at most: split it.", what, most)
}

// plainText returns the text without a mark of its encoding, and refuses all but UTF-8. YAML allows UTF-16, but neither
// kubectl nor the API server reads it from files without fail.
func plainText(data []byte) (text []byte, message string) {
	begins := func(mark []byte) bool { return bytes.HasPrefix(data, mark) }
	if slices.ContainsFunc(utf16Marks, begins) || slices.ContainsFunc(utf16Braces, begins) {
		return nil, "The file is UTF-16: save it as UTF-8."
	}
	if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return nil, "The file is binary: only text can hold objects."
	}
	return bytes.TrimPrefix(data, utf8Mark), ""
}

// reason says why a file could not be read, without its name.
func reason(err error) string {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "There is no such file or directory."
	case errors.Is(err, fs.ErrPermission):
		return "The file may not be read: permission denied."
	case errors.Is(err, syscall.ELOOP):
		return "The symbolic link leads back to itself."
	case errors.As(err, &at):
		return "The file cannot be read: " + at.Err.Error() + "."
	}
	return "The file cannot be read: " + err.Error() + "."
}
