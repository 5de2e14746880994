package manifest

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// form is what an entry is read as.
type form int

const (
	plainFile form = iota
	kustomization
	chart
)

// entry is a file, or a directory that is read as a whole; or what is wrong with it.
type entry struct {
	path    string
	form    form
	size    int64
	message string
}

// The files that make a directory a kustomization or a chart.
var (
	kustomizationFiles = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
	chartFile          = "Chart.yaml"
)

// extensions are those of the files that are read of a directory.
var extensions = []string{".yaml", ".yml", ".json"}

// walker finds what there is to read.
type walker struct {
	entries []entry
	seen    map[string]bool // paths that have been found
	// used are the files and directories that kustomizations are made of, by their absolute paths.
	used map[string]bool
}

// entries goes over what the paths name, each once.
func (l *Loader) entries(paths []string) iter.Seq[entry] {
	w := &walker{seen: map[string]bool{}}
	for _, path := range paths {
		w.argument(path)
	}
	return slices.Values(w.entries)
}

// isPart says whether an entry of a directory is part of a kustomization, which makes objects of it.
func (w *walker) isPart(e entry) bool {
	return e.message == "" && w.used[absolute(e.path)]
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (w *walker) add(e entry) {
	if !w.seen[e.path] {
		w.seen[e.path] = true
		w.entries = append(w.entries, e)
	}
}

func (w *walker) problem(path, message string) {
	w.add(entry{path: path, message: message})
}

// argument finds what a path or a pattern names.
func (w *walker) argument(path string) {
	if path == Stdin {
		w.add(entry{path: Stdin})
		return
	}
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	switch {
	case err == nil:
		w.named(path, info)
	case !strings.ContainsAny(path, "*?["):
		w.problem(path, reason(err))
	default:
		w.pattern(path)
	}
}

func (w *walker) pattern(pattern string) {
	found, err := matching(pattern)
	if err != nil {
		w.problem(pattern, reason(err))
		return
	}
	if len(found) == 0 {
		w.problem(pattern, "The pattern matches no file.")
	}
	for _, path := range found {
		if info, err := os.Stat(path); err != nil {
			w.problem(path, reason(err))
		} else {
			w.named(path, info)
		}
	}
}

// named finds what is read of a path that somebody named: a file of whatever name, or a directory.
func (w *walker) named(path string, info fs.FileInfo) {
	switch {
	case info.IsDir():
		inner := &walker{seen: w.seen, used: map[string]bool{}}
		inner.directory(path, nil)
		w.entries = append(w.entries, slices.DeleteFunc(inner.entries, inner.isPart)...)
	case strings.HasSuffix(path, ".tgz"):
		w.add(entry{path: path, form: chart})
	case filepath.Base(path) == chartFile:
		w.add(entry{path: filepath.Dir(path), form: chart})
	case slices.Contains(kustomizationFiles, filepath.Base(path)):
		w.add(entry{path: filepath.Dir(path), form: kustomization})
	default:
		w.add(entry{path: path, size: info.Size()})
	}
}

// directory finds what is read of a directory and of those below it. above are the directories that it stands in.
func (w *walker) directory(path string, above []os.FileInfo) {
	info, err := os.Stat(path)
	if err != nil {
		w.problem(path, reason(err))
		return
	}
	if slices.ContainsFunc(above, func(one os.FileInfo) bool { return os.SameFile(one, info) }) {
		w.problem(path, "The symbolic link leads back to a directory that it stands in: remove it.")
		return
	}
	names, err := os.ReadDir(path)
	if err != nil {
		w.problem(path, reason(err))
		return
	}
	files := true
	for _, name := range names {
		if name.Name() == chartFile {
			w.add(entry{path: path, form: chart})
			return
		}
		if slices.Contains(kustomizationFiles, name.Name()) {
			w.kustomization(path, filepath.Join(path, name.Name()))
			files = false
		}
	}
	for _, name := range names {
		if !strings.HasPrefix(name.Name(), ".") {
			w.child(filepath.Join(path, name.Name()), name, files, append(above, info))
		}
	}
}

// child finds what is read of what stands in a directory. Files of a kustomization are read only as it says.
func (w *walker) child(path string, name fs.DirEntry, files bool, above []os.FileInfo) {
	wanted := files && slices.Contains(extensions, strings.ToLower(filepath.Ext(path)))
	mode, size := name.Type(), int64(0)
	if mode&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		if err != nil {
			if wanted {
				w.problem(path, reason(err))
			}
			return
		}
		mode, size = info.Mode().Type(), info.Size()
	} else if info, err := name.Info(); err == nil {
		size = info.Size()
	}
	switch {
	case mode.IsDir():
		w.directory(path, slices.Clip(above))
	case !wanted:
	case !mode.IsRegular():
		w.problem(path, fmt.Sprintf("The file is no regular file but %s: name it to read it.", mode))
	default:
		w.add(entry{path: path, size: size})
	}
}

// kustomization takes a kustomization, and notes what it is made of.
func (w *walker) kustomization(directory, file string) {
	w.add(entry{path: directory, form: kustomization})
	data, err := os.ReadFile(file) //nolint:gosec // a file of a directory that the user names
	if err != nil {
		return // building it will say so
	}
	for _, reference := range references(data) {
		w.used[absolute(filepath.Join(directory, reference))] = true
	}
}

// matching returns the paths that a pattern matches, by name. Beside what filepath.Match knows, ** stands for any number
// of directories.
func matching(pattern string) ([]string, error) {
	before, after, deep := strings.Cut(pattern, "**")
	if !deep {
		return filepath.Glob(pattern)
	}
	after = strings.TrimPrefix(after, string(filepath.Separator))
	if before == "" {
		before = "."
	}
	roots, err := filepath.Glob(filepath.Clean(before))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, root := range roots {
		all, err := filesBelow(root)
		if err != nil {
			return nil, err
		}
		found = append(found, slices.DeleteFunc(all, func(path string) bool { return !matchesEnd(after, path) })...)
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

// matchesEnd says whether the last elements of a path match a pattern.
func matchesEnd(pattern, path string) bool {
	parts := strings.Split(path, string(filepath.Separator))
	last := len(parts) - strings.Count(pattern, string(filepath.Separator)) - 1
	if last < 0 {
		return false
	}
	matches, err := filepath.Match(pattern, filepath.Join(parts[last:]...))
	return err == nil && (matches || pattern == "")
}
