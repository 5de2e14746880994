package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// kustomizing is held while a kustomization is built: kustomize keeps the schema of what it builds for the whole program.
var kustomizing sync.Mutex

// kustomization builds a kustomization, as "kubectl kustomize" does, and decodes what it makes.
func (l *Loader) kustomization(d *decoder, directory string) outcome {
	made, err := l.build(directory)
	if err != nil {
		message := strings.ReplaceAll(sentence(err), absolute(".")+string(filepath.Separator), "")
		return unreadable(directory, "The kustomization cannot be built: "+message)
	}
	var out outcome
	origins := origins{loader: l, directory: directory, files: map[string][]*value{}}
	for _, r := range made.Resources() {
		source := origins.of(r)
		if source.File == directory {
			source.Document = out.documents
		}
		out.documents++
		if err := removeOrigin(r); err != nil {
			out.problem(source, err.Error())
			continue
		}
		data, err := r.MarshalJSON()
		if err != nil {
			out.problem(source, "The object that the kustomization makes cannot be decoded: "+err.Error()+".")
			continue
		}
		for v, bad := range builtValue(source, data).all() {
			d.readable(&out, v, bad)
		}
	}
	return out
}

// builtValue is an object that a kustomization made: all of it stands where its source does.
func builtValue(source Source, data []byte) *value {
	tree := jsonTree(data, 0, func(int) int { return source.Line })
	v := &value{source: source, json: data, tree: func() *node { return &tree }}
	v.item = func(item *value, place int, _ element) { item.tree = itemTree(v, place) }
	return v
}

func (l *Loader) build(directory string) (made resmap.ResMap, err error) {
	root, err := filepath.EvalSymlinks(absolute(directory))
	if err != nil {
		return nil, err
	}
	kustomizing.Lock()
	defer kustomizing.Unlock()
	defer func() { // kustomize meets some mistakes with a panic
		if failure := recover(); failure != nil {
			made, err = nil, fmt.Errorf("kustomize failed: %v", failure)
		}
	}()
	local := &localFiles{FileSystem: filesys.MakeFsOnDisk(), most: l.options.MaxFileBytes, root: root}
	made, err = offline(func() (resmap.ResMap, error) {
		return krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(local, root)
	})
	if local.refused != nil { // kustomize would say that there is no kustomization
		return nil, local.refused
	}
	return made, err
}

const originAnnotation = "config.kubernetes.io/origin"

// removeOrigin takes away the annotation that says where an object comes from: it was asked for here.
func removeOrigin(r *resource.Resource) error {
	annotations := r.GetAnnotations()
	delete(annotations, originAnnotation)
	return r.SetAnnotations(annotations)
}

// localFiles are the files that a kustomization is built of. What names a place elsewhere in one of the usual ways it
// refuses before kustomize has seen it, so that the message can name file and place.
type localFiles struct {
	filesys.FileSystem
	most int64
	root string // the directory of the kustomization that is built
	// refused is why a file was not handed out.
	refused error
}

// ReadFile returns what a file holds, unless it is too large, or refers to what is not here.
func (f *localFiles) ReadFile(path string) ([]byte, error) {
	data, err := f.readFile(path)
	if err != nil && f.refused == nil && !errors.Is(err, fs.ErrNotExist) { // it tries several names
		f.refused = err
	}
	return data, err
}

func (f *localFiles) readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > f.most {
		return nil, errors.New(path + ": " + tooLarge(info.Size(), f.most))
	}
	data, err := f.FileSystem.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := checkAliases(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	isKustomization := slices.Contains(kustomizationFiles, filepath.Base(path))
	for _, reference := range references(data, isKustomization) {
		if isRemote(reference) {
			return nil, fmt.Errorf("%s refers to %s, and %w", path, reference, errElsewhere)
		}
	}
	if isKustomization && filepath.Dir(path) == f.root {
		return withOrigins(data), nil
	}
	return data, nil
}

// checkAliases refuses what would be blown up by its aliases.
func checkAliases(data []byte) error {
	if bytes.IndexByte(data, '&') < 0 || bytes.IndexByte(data, '*') < 0 {
		return nil
	}
	for each := range split(chunk{data, 1}) {
		root, bad := parse(each)
		if bad == nil && root != nil && isBlownUp(root, each) {
			return errors.New(strings.TrimSuffix(blownUp, "."))
		}
	}
	return nil
}

// withOrigins asks kustomize to say of each object which file it comes from, unless the kustomization speaks of that
// itself.
func withOrigins(data []byte) []byte {
	asked := append(bytes.TrimRight(bytes.Clone(data), "\n"), "\nbuildMetadata: [originAnnotations]\n"...)
	var root map[string]any
	if bytes.Contains(data, []byte("buildMetadata")) || yamlv3.Unmarshal(asked, &root) != nil || root["buildMetadata"] == nil {
		return data
	}
	return asked
}

// referring are the fields by which kustomizations and configurations of transformers name files and directories.
var referring = []string{
	"resources", "bases", "components", "configurations", "crds", "generators", "transformers", "validators",
	"patchesStrategicMerge", "path", "paths", "file", "files", "env", "envs", "valuesFile", "additionalValuesFiles",
}

// references returns the files and directories that a kustomization names, and what else stands in such fields. Of other
// files only the configurations of transformers are looked at.
func references(data []byte, isKustomization bool) []string {
	if !isKustomization && !bytes.Contains(data, []byte(builtin)) {
		return nil
	}
	var found []string
	for each := range split(chunk{data, 1}) {
		root, bad := parse(each)
		if bad != nil || root == nil || isBlownUp(root, each) {
			continue
		}
		if tree := yamlTree(root, 0); isKustomization || tree.says("apiVersion", builtin) {
			found = referenced(root, false, found)
		}
	}
	return found
}

// builtin is the apiVersion of the configurations of kustomize's own transformers.
const builtin = "builtin"

func isReferring(key string) bool { // kustomize reads keys in any case
	return slices.ContainsFunc(referring, func(one string) bool { return strings.EqualFold(one, key) })
}

// referenced adds what a part of a kustomization refers to. named says that it stands in a field that names files.
func referenced(n *yamlv3.Node, named bool, found []string) []string {
	switch n.Kind {
	case yamlv3.ScalarNode:
		if named {
			return append(found, namedFiles(n.Value)...)
		}
	case yamlv3.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			found = referenced(n.Content[i+1], isReferring(n.Content[i].Value), found)
		}
	case yamlv3.AliasNode:
		return referenced(n.Alias, named, found)
	default:
		for _, child := range n.Content {
			found = referenced(child, named, found)
		}
	}
	return found
}

// namedFiles returns the files that a value names: it, what follows the key of a generator, or what is named by what
// stands in it itself.
func namedFiles(value string) []string {
	if strings.Contains(value, "\n") {
		return references([]byte(value), true)
	}
	if _, file, hasKey := strings.Cut(value, "="); hasKey {
		return []string{value, file}
	}
	return []string{value}
}

// remote is how kustomize tells what it fetches with git or over HTTP.
//
// Source: NewRepoSpecFromURL and IsRemoteFile of sigs.k8s.io/kustomize/api.
var remote = regexp.MustCompile(`(?i)^\s*(git::|ssh://|file://|https?:|github\.com[/:]|[a-z][a-z0-9-]*@)`)

func isRemote(reference string) bool {
	return remote.MatchString(reference) || strings.Contains(reference, "://")
}

// origins finds the places in files that the objects of a kustomization come from.
type origins struct {
	loader    *Loader
	directory string
	files     map[string][]*value
}

// of returns where an object comes from; the directory where it comes from nowhere in particular.
func (o *origins) of(r *resource.Resource) Source {
	origin, err := r.GetOrigin()
	if err != nil || origin == nil || origin.Path == "" || origin.Repo != "" {
		return Source{File: o.directory, Line: 1}
	}
	file := filepath.Join(o.directory, origin.Path)
	source, best := Source{File: file, Line: 1}, -1
	for _, v := range o.in(file) {
		// A kustomization may put something before and after the name.
		if name := v.name(); v.head.kind == r.GetKind() && strings.Contains(r.GetName(), name) && len(name) > best {
			source, best = v.source, len(name)
		}
	}
	return source
}

// name returns the name of an object, if it has one.
func (v *value) name() string {
	if metadata := v.tree().field("metadata"); metadata != nil {
		if name := metadata.field("name"); name != nil {
			return name.text
		}
	}
	return ""
}

func (o *origins) in(file string) []*value {
	if values, known := o.files[file]; known {
		return values
	}
	var values []*value
	documents := 0
	for _, each := range o.loader.chunks(file) {
		r := &reader{} // what it yields is kept
		for v, bad := range r.read(file, documents, each) {
			if bad == nil {
				values = append(values, v)
			}
		}
		documents += r.documents
	}
	o.files[file] = values
	return values
}
