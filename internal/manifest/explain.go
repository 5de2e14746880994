package manifest

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"
)

// maxStrict is how many unknown fields of an object are named.
const maxStrict = 10

// lenient says which fields are unknown or stand twice, and decodes the object as an API server does that is not strict:
// it drops what it does not know, and the last of the fields that stand twice counts.
func (v *value) lenient(out *outcome, k kind, strict []error) runtime.Object {
	for i, err := range strict {
		var at kjson.FieldError
		switch {
		case i == maxStrict:
			out.problem(v.source, "The "+k.Kind+" has "+strconv.Itoa(len(strict)-i)+" more such fields.")
		case i > maxStrict:
		case !errors.As(err, &at):
			out.problem(v.source, err.Error())
		case strings.HasPrefix(err.Error(), "duplicate"):
			out.add(standsTwice(v.tree().named(at.FieldPath()), v.tree().follow(at.FieldPath()).line).at(v.source))
		default:
			out.add(v.unknown(at.FieldPath()).at(v.source))
		}
	}
	obj := k.new()
	var all any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(v.json, &all); err != nil {
		out.problem(v.source, err.Error())
	} else if data, err := json.Marshal(all); err != nil {
		out.problem(v.source, err.Error())
	} else if err := kjson.UnmarshalCaseSensitivePreserveInts(data, obj); err != nil {
		out.problem(v.source, err.Error())
	}
	return obj
}

func (v *value) unknown(path string) *flaw {
	return flawf(v.tree().follow(path).line, "Unknown field %s: the API server refuses or drops it. Correct or remove it.",
		v.tree().named(path))
}

func standsTwice(path string, line int) *flaw {
	return flawf(line, "The field %s stands twice, and the last one would count: remove one.", path)
}

// mistyped says which field keeps an object from being decoded.
func (v *value) mistyped(k kind, err error) *flaw {
	path, inner := v.culprit(func(data []byte) error {
		_, failed := k.decode(data, k.new())
		return failed
	})
	if path == "" {
		return flawf(v.source.Line, "The %s cannot be decoded: %s", k.Kind, sentence(err))
	}
	line, path := v.tree().follow(path).line, v.tree().named(path)
	var mistake *json.UnmarshalTypeError
	if !errors.As(inner, &mistake) {
		return flawf(line, "The field %s cannot be decoded: %s", path, sentence(inner))
	}
	return flawf(line, "The field %s is %s, and must be %s.", path, article(mistake.Value), typeName(mistake.Type))
}

// article puts the JSON type of a value into words.
func article(value string) string {
	name, _, _ := strings.Cut(value, " ") // "number 1.5"
	switch name {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	}
	return "a " + value
}

// typeName puts a type of Go into words.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string: put it into quotes"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map, reflect.Interface, reflect.Pointer:
		return "an object"
	}
	return "a whole number without quotes"
}

// maxSearch is how many bytes are decoded at most to find the field of an object that cannot be.
const maxSearch = 16 << 20

// culprit returns the path of the innermost value that cannot be decoded, counting the items of lists, and why; of
// several the first by name. It is empty where there is none.
func (v *value) culprit(decode func([]byte) error) (path string, why error) {
	var root any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(v.json, &root); err != nil {
		return "", err
	}
	left := maxSearch
	fails := func() error {
		data, err := json.Marshal(root)
		if left -= len(data); err != nil || left < 0 {
			return err
		}
		return decode(data)
	}
	for at := root; ; {
		step, inner, err := alone(at, fails)
		if err == nil {
			return strings.TrimPrefix(path, "."), why
		}
		path, at, why = path+step, inner, err
	}
}

// alone looks for a child that cannot be decoded though all beside it are taken away, and leaves it so. There is none
// where it is not a child that is wrong.
func alone(at any, fails func() error) (step string, child any, err error) {
	switch at := at.(type) {
	case map[string]any:
		all := maps.Clone(at)
		for key := range all {
			at[key] = nil
		}
		for _, key := range suspects(slices.Sorted(maps.Keys(all)), fails) {
			at[key] = all[key]
			if err = fails(); err != nil {
				return "." + key, all[key], err
			}
			at[key] = nil
		}
	case []any:
		all := slices.Clone(at)
		clear(at)
		for i, value := range suspects(all, fails) {
			at[i] = value
			if err = fails(); err != nil {
				return "[" + strconv.Itoa(i) + "]", value, err
			}
			at[i] = nil
		}
	}
	return "", nil, nil
}

// suspects returns the children where it fails because of one of them: not without them.
func suspects[T any](children []T, fails func() error) []T {
	if fails() == nil {
		return children
	}
	return nil
}
