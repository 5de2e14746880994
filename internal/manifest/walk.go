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
	path, real string // real has no symbolic links
	form       form
	size       int64
	message    string
	// beside says that the file may hold something else than objects.
	beside bool
}

// The files that make a directory a kustomization or a chart.
var (
	kustomizationFiles = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
	chartFile          = "Chart.yaml"
)

// extensions are those of the files that are read of a directory.
var extensions = []string{".yaml", ".yml", ".json"}

// place is where something is read, and how: a directory may be a chart and a kustomization.
type place struct {
	real string
	form form
}

// way is a directory, and what decides how what stands in it is read.
type way struct {
	real   string
	role   role
	beside bool
}

// walker finds what there is to read.
type walker struct {
	entries []entry
	seen    map[place]bool
	// walked are the directories below one argument: however many links lead to one, it is read once in each way.
	walked map[way]bool
	built  kustomizations
}

// entries goes over what the paths name, each once.
func (l *Loader) entries(paths []string) iter.Seq[entry] {
	w := &walker{seen: map[place]bool{}}
	for _, path := range paths {
		w.argument(path)
	}
	return slices.Values(w.entries)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// realPath returns where a path leads, by which a file is known again.
func realPath(path string) string {
	path = absolute(path)
	if leads, err := filepath.EvalSymlinks(path); err == nil {
		return leads
	}
	return path
}

func (w *walker) add(e entry) {
	at := place{e.real, e.form}
	if !w.seen[at] {
		w.seen[at] = true
		w.entries = append(w.entries, e)
		return
	}
	for i := range w.entries { // read as anywhere, where one way to it says so
		if known := &w.entries[i]; known.beside && !e.beside && (place{known.real, known.form}) == at {
			known.beside = false
		}
	}
}

func (w *walker) problem(path, message string) {
	w.add(entry{path: path, real: absolute(path), message: message})
}

// argument finds what a path or a pattern names.
func (w *walker) argument(path string) {
	if path == Stdin {
		w.add(entry{path: Stdin, real: Stdin})
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
	leads := realPath(path)
	switch {
	case info.IsDir():
		w.tree(path, leads)
	case strings.HasSuffix(path, ".tgz"):
		w.add(entry{path: path, real: leads, form: chart})
	case filepath.Base(path) == chartFile:
		w.add(entry{path: filepath.Dir(path), real: realPath(filepath.Dir(path)), form: chart})
	case slices.Contains(kustomizationFiles, filepath.Base(path)):
		w.add(entry{path: filepath.Dir(path), real: realPath(filepath.Dir(path)), form: kustomization})
	default:
		w.add(entry{path: path, real: leads, size: info.Size()})
	}
}

// tree finds what is read of a directory and of all below it, but for what its kustomizations make objects of.
func (w *walker) tree(path, leads string) {
	inner := &walker{seen: w.seen, walked: map[way]bool{}, built: newKustomizations()}
	inner.directory(&directory{path: path, real: leads})
	parts := inner.built.parts()
	for _, e := range inner.entries {
		if e.message == "" && parts[e.real] {
			delete(w.seen, place{e.real, e.form}) // it may be named itself
			continue
		}
		e.beside = e.beside || inner.built.data[e.real]
		w.entries = append(w.entries, e)
	}
}

// directory is a directory that is gone through.
type directory struct {
	path, real string
	above      []os.FileInfo // the directories that it stands in
	role       role
	// files says that its files are read, and beside that they stand beside what a chart is made of.
	files, beside bool
}

// directory finds what is read of a directory and of those below it.
func (w *walker) directory(d *directory) {
	info, err := os.Stat(d.path)
	if err != nil {
		w.problem(d.path, reason(err))
		return
	}
	if slices.ContainsFunc(d.above, func(one os.FileInfo) bool { return os.SameFile(one, info) }) {
		w.problem(d.path, "The symbolic link leads back to a directory that it stands in: remove it.")
		return
	}
	as := way{d.real, d.role, d.beside}
	if w.walked[as] {
		return
	}
	w.walked[as] = true
	names, err := os.ReadDir(d.path)
	if err != nil {
		w.problem(d.path, reason(err))
		return
	}
	d.above = append(slices.Clip(d.above), info)
	d.files = true
	for _, name := range names {
		if name.Name() == chartFile {
			w.chart(d)
		}
		if slices.Contains(kustomizationFiles, name.Name()) {
			w.kustomization(d, name.Name())
		}
	}
	for _, name := range names {
		if !strings.HasPrefix(name.Name(), ".") && !d.isOfChart(name.Name()) {
			w.child(d, name)
		}
	}
}

// child finds what is read of what stands in a directory. Files of a kustomization are read only as it says.
func (w *walker) child(d *directory, name fs.DirEntry) {
	path, leads := filepath.Join(d.path, name.Name()), filepath.Join(d.real, name.Name())
	wanted := d.files && slices.Contains(extensions, strings.ToLower(filepath.Ext(path)))
	mode, size := name.Type(), int64(0)
	if mode&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		if err != nil {
			if wanted {
				w.problem(path, reason(err))
			}
			return
		}
		mode, size, leads = info.Mode().Type(), info.Size(), realPath(path)
	} else if info, err := name.Info(); err == nil {
		size = info.Size()
	}
	switch {
	case mode.IsDir():
		w.directory(&directory{path: path, real: leads, above: d.above, role: d.roleOf(name.Name()), beside: d.beside})
	case !wanted:
	case !mode.IsRegular():
		w.problem(path, fmt.Sprintf("The file is no regular file but %s: name it to read it.", mode))
	default:
		w.add(entry{path: path, real: leads, size: size, beside: d.beside})
	}
}

// kustomization takes a kustomization, and notes what it is made of.
func (w *walker) kustomization(d *directory, file string) {
	w.add(entry{path: d.path, real: d.real, form: kustomization})
	w.built.note(d.real, filepath.Join(d.path, file))
	d.files = false
}
