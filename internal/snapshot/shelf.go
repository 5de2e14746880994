package snapshot

import (
	"strings"
	"unicode/utf8"
)

// The bounds of what a baseline declares. The API server takes no more than maxItems; maxObjects is in bytes, and leaves
// room for the rest of an object of 512 KiB.
const (
	maxItems   = 2048
	maxObjects = 448 << 10
	maxRest    = 56 << 10
)

// shelf is objects of one kind that one baseline declares. Where there are several of a kind, the baseline closes the list
// only for the names that are its own: patterns are these. A name that no shelf calls its own is closed by all of them.
type shelf struct {
	items    []*item
	size     int
	patterns []string
}

func (s *shelf) fits(items, size int) bool {
	return len(s.items)+items <= maxItems && s.size+size <= maxObjects
}

func sizeOf(items []*item) int {
	size := 0
	for _, one := range items {
		size += one.size
	}
	return size
}

// shelve divides objects that are sorted by name, so that each shelf fits a baseline. separable is false where patterns
// cannot tell the names on one shelf from those on others.
func shelve(items []*item) (shelves []*shelf, separable bool) {
	if whole := (&shelf{}); whole.fits(len(items), sizeOf(items)) {
		whole.items, whole.size = items, sizeOf(items)
		return []*shelf{whole}, true
	}
	d := &divider{separable: true}
	d.divide("", items)
	return d.shelves, d.separable
}

// divider divides names by how they begin.
type divider struct {
	shelves   []*shelf
	separable bool
}

// divide puts the names that begin so on shelves, together where they fit.
func (d *divider) divide(prefix string, items []*item) {
	if size := sizeOf(items); prefix != "" && (&shelf{}).fits(len(items), size) {
		d.put(prefix+"*", items, size)
		return
	}
	same := 0
	for same < len(items) && items[same].ref.Name == prefix {
		same++
	}
	if same > 0 {
		d.putSame(prefix, items[:same])
	}
	for rest := items[same:]; len(rest) > 0; {
		_, width := utf8.DecodeRuneInString(rest[0].ref.Name[len(prefix):])
		longer := rest[0].ref.Name[:len(prefix)+width]
		end := 0
		for end < len(rest) && strings.HasPrefix(rest[end].ref.Name, longer) {
			end++
		}
		d.divide(longer, rest[:end])
		rest = rest[end:]
	}
}

// putSame puts away objects of one name, from many namespaces. Where they do not fit together, nothing tells them apart.
func (d *divider) putSame(name string, items []*item) {
	if size := sizeOf(items); (&shelf{}).fits(len(items), size) {
		d.put(name, items, size)
		return
	}
	d.separable = false
	for i := range items {
		d.put(name, items[i:i+1], items[i].size)
	}
}

func (d *divider) put(pattern string, items []*item, size int) {
	if len(pattern) > maxPattern || strings.Contains(strings.TrimSuffix(pattern, "*"), "*") {
		d.separable = false
	}
	last := len(d.shelves) - 1
	if last < 0 || !d.shelves[last].fits(len(items), size) {
		d.shelves = append(d.shelves, &shelf{})
		last++
	}
	on := d.shelves[last]
	on.items, on.size, on.patterns = append(on.items, items...), on.size+size, append(on.patterns, pattern)
}
