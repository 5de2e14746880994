package pinned

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"
)

// treeOf reads the text of an object.
func treeOf(raw []byte) (map[string]any, error) {
	var root any
	if len(raw) == 0 {
		return nil, errors.New("there is no object: write it under object")
	}
	strict, err := kjson.UnmarshalStrict(raw, &root)
	if err != nil {
		return nil, fmt.Errorf("the object is no JSON: %w", err)
	}
	tree, ok := root.(map[string]any)
	if !ok {
		return nil, errors.New("what is declared is a list or a text: write one object, with apiVersion and kind")
	}
	return tree, strictly(strict, tree)
}

// decode reads the text into the type of the kind, and refuses what the type does not know.
func decode(raw []byte, tree map[string]any, into runtime.Object) error {
	if u, ok := into.(*unstructured.Unstructured); ok {
		u.Object = runtime.DeepCopyJSON(tree)
		return metadataOf(u)
	}
	strict, err := kjson.UnmarshalStrict(raw, into)
	if err != nil {
		return mistyped(tree, err, func(data []byte) error {
			_, failed := kjson.UnmarshalStrict(data, into.DeepCopyObject())
			return failed
		})
	}
	return strictly(strict, tree)
}

// metadataOf makes sure that the metadata of an object without a type are of the type that every object has.
func metadataOf(u *unstructured.Unstructured) error {
	if _, _, err := unstructured.NestedStringMap(u.Object, "metadata", "labels"); err != nil {
		return errors.New("metadata.labels must be names with texts")
	}
	return nil
}

// strictly puts into words which fields are unknown or stand twice.
func strictly(found []error, tree map[string]any) error {
	const most = 10
	var all []string
	for _, err := range found[:min(len(found), most)] {
		var at kjson.FieldError
		switch {
		case !errors.As(err, &at):
			all = append(all, err.Error())
		case strings.HasPrefix(err.Error(), "duplicate"):
			all = append(all, "field "+named(tree, at.FieldPath())+" stands twice: remove one")
		default:
			all = append(all, "field "+named(tree, at.FieldPath())+" is unknown: correct or remove it")
		}
	}
	if len(found) > most {
		all = append(all, strconv.Itoa(len(found)-most)+" more such fields")
	}
	if len(all) == 0 {
		return nil
	}
	return errors.New(strings.Join(all, "; "))
}

// mistyped says which field cannot be read, and why.
func mistyped(tree map[string]any, err error, read func([]byte) error) error {
	s := &search{root: runtime.DeepCopyJSON(tree), read: read, left: maxSearched}
	path, inner := s.culprit()
	if path == "" {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	path = named(tree, path)
	var mistake *json.UnmarshalTypeError
	if !errors.As(inner, &mistake) {
		return fmt.Errorf("field %s cannot be read: %w", path, inner)
	}
	return fmt.Errorf("field %s is a %s, and must be a %s", path, mistake.Value, mistake.Type.Kind())
}

// search looks for the value of an object that cannot be read.
type search struct {
	root map[string]any
	read func([]byte) error
	left int // of maxSearched
}

// maxSearched is how many bytes are read over and over to find the field.
const maxSearched = 16 << 20

var errLarge = errors.New("too large to say which field is wrong")

func (s *search) fails() error {
	data, err := json.Marshal(s.root)
	if err != nil {
		return err
	}
	if s.left -= len(data); s.left < 0 {
		return errLarge
	}
	return s.read(data)
}

func (s *search) readable() bool { return s.fails() == nil }

// culprit returns the path of the innermost value that cannot be read, counting the items of lists, and why; of several
// the first by name. It is empty where there is none.
func (s *search) culprit() (path string, why error) {
	var at any = s.root
	for {
		step, inner, err := s.alone(at)
		switch {
		case errors.Is(err, errLarge):
			return "", err
		case err == nil:
			return strings.TrimPrefix(path, "."), why
		}
		path, at, why = path+step, inner, err
	}
}

// alone looks for a child that cannot be read though all beside it are taken away, and leaves it so. There is none in what
// is wrong itself.
func (s *search) alone(at any) (step string, child any, err error) {
	switch at := at.(type) {
	case map[string]any:
		all := maps.Clone(at)
		for name := range all {
			at[name] = nil
		}
		if !s.readable() {
			return "", nil, nil
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			at[name] = all[name]
			if err = s.fails(); err != nil {
				return "." + name, all[name], err
			}
			at[name] = nil
		}
	case []any:
		all := slices.Clone(at)
		if clear(at); !s.readable() {
			return "", nil, nil
		}
		for i := range all {
			at[i] = all[i]
			if err = s.fails(); err != nil {
				return "[" + strconv.Itoa(i) + "]", all[i], err
			}
			at[i] = nil
		}
	}
	return "", nil, nil
}

// named returns a path with the items of lists by their names, where they have any.
func named(tree map[string]any, path string) string {
	var b strings.Builder
	var at any = tree
	for rest := path; rest != ""; {
		if rest[0] == '[' {
			number, after, _ := strings.Cut(rest[1:], "]")
			item, name := itemOf(at, number)
			b.WriteString("[" + name + "]")
			at, rest = item, after
			continue
		}
		if rest[0] == '.' {
			b.WriteByte('.')
			rest = rest[1:]
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		object, _ := at.(map[string]any)
		at = object[rest[:end]]
		b.WriteString(rest[:end])
		if end == 0 { // a name that begins with what separates names
			b.WriteString(rest)
			break
		}
		rest = rest[end:]
	}
	return b.String()
}

// itemOf returns an item of a list by its number, and what it is called: its name, else the number.
func itemOf(list any, number string) (item any, name string) {
	items, _ := list.([]any)
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(items) {
		return nil, number
	}
	object, _ := items[i].(map[string]any)
	if called, _ := object["name"].(string); called != "" {
		return items[i], called
	}
	return items[i], number
}
