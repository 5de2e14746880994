package scan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

// copied is one of the times that something was given: which, and in which file it stands below all that was asked for.
type copied struct {
	key
	file string
}

// copies returns all that is judged in layers.
func (w *world) copies(layers []*layer) []copied {
	var all []copied
	for _, l := range layers {
		for i := range l.aims {
			one := copied{key: key{l.aims[i].ref, l.number}}
			if object := l.aims[i].object; object != nil {
				one.file = below(w.root, object.source.File)
			}
			all = append(all, one)
		}
	}
	return all
}

// paired returns the key that each of what is given now had in the tree before, as far as it was there.
func paired(before, now []copied) map[key]key {
	were, partners := byRef(before), map[key]key{}
	for ref, are := range byRef(now) {
		pair(were[ref], are, partners)
	}
	return partners
}

// pair finds which copies of one thing are the same before and now: those in the same file, which an object of an environment
// stays in, and the rest in order where as many are left. Where they are not, nobody can tell which is which, and what one had
// must not excuse another: all of the rest closes and opens.
func pair(before, now []copied, partners map[key]key) {
	inFile := map[string][]copied{}
	for _, one := range before {
		inFile[one.file] = append(inFile[one.file], one)
	}
	var left []copied
	gone := map[key]bool{}
	for _, one := range now {
		same := inFile[one.file]
		if len(same) == 0 {
			left = append(left, one)
			continue
		}
		partners[one.key], gone[same[0].key] = same[0].key, true
		inFile[one.file] = same[1:]
	}
	before = slices.DeleteFunc(slices.Clone(before), func(one copied) bool { return gone[one.key] })
	if len(before) != len(left) {
		return
	}
	for i, one := range left {
		partners[one.key] = before[i].key
	}
}

func byRef(all []copied) map[workload.Ref][]copied {
	found := map[workload.Ref][]copied{}
	for _, one := range all {
		found[one.ref] = append(found[one.ref], one)
	}
	return found
}

// below returns a file as it is called from a directory.
func below(root, file string) string {
	full, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	if short, err := filepath.Rel(root, full); err == nil {
		return short
	}
	return full
}

// rootOf returns the directory that holds all that paths and patterns name.
func rootOf(paths []string) string {
	root := ""
	for _, path := range paths {
		if path == manifest.Stdin {
			continue
		}
		dir, err := filepath.Abs(directoryOf(path))
		switch {
		case err != nil:
		case root == "":
			root = dir
		default:
			for !within(root, dir) {
				root = filepath.Dir(root)
			}
		}
	}
	return root
}

// directoryOf returns the directory that a path names, or that it or a pattern begins with.
func directoryOf(path string) string {
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path
		}
		next := filepath.Dir(path)
		if next == path {
			return path
		}
		path = next
	}
}

func within(root, dir string) bool {
	short, err := filepath.Rel(root, dir)
	return err != nil || short != ".." && !strings.HasPrefix(short, ".."+string(filepath.Separator))
}
