package manifest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// deep stands for any number of directories in a pattern.
const deep = "**"

const separator = string(filepath.Separator)

var errNotAlone = errors.New("** stands for whole directories: put it between slashes")

// matching returns the paths that a pattern matches, by name. Beside what filepath.Match knows, ** stands for any number
// of directories, however often.
func matching(pattern string) ([]string, error) {
	parts := strings.Split(pattern, separator)
	if slices.ContainsFunc(parts, func(part string) bool { return part != deep && strings.Contains(part, deep) }) {
		return nil, errNotAlone
	}
	first := slices.Index(parts, deep)
	if first < 0 {
		return filepath.Glob(pattern)
	}
	before := filepath.Clean(strings.Join(parts[:first], separator))
	if first > 0 && parts[0] == "" {
		before = filepath.Join(separator, before)
	}
	roots, err := filepath.Glob(before)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, root := range roots {
		all, err := filesBelow(root)
		if err != nil {
			return nil, err
		}
		found = append(found, slices.DeleteFunc(all, func(path string) bool { return !matchesBelow(root, path, parts[first:]) })...)
	}
	return found, nil
}

// filesBelow returns the files of a directory and of those below it that are not hidden.
func filesBelow(root string) (files []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, failed error) error {
		switch {
		case failed != nil:
			return failed
		case !d.IsDir():
			files = append(files, path)
		case path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		return nil
	})
	return files, err
}

func matchesBelow(root, path string, pattern []string) bool {
	below, err := filepath.Rel(root, path)
	return err == nil && below != "." && matches(pattern, strings.Split(below, separator))
}

// matches says whether the elements of a path are those of a pattern.
func matches(pattern, path []string) bool {
	switch {
	case len(pattern) == 0:
		return len(path) == 0
	case pattern[0] != deep:
		if len(path) == 0 {
			return false
		}
		same, err := filepath.Match(pattern[0], path[0])
		return err == nil && same && matches(pattern[1:], path[1:])
	case len(pattern) == 1: // at the end it is all that is there
		return true
	}
	for i := range path {
		if matches(pattern[1:], path[i:]) {
			return true
		}
	}
	return false
}
