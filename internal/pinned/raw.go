package pinned

import (
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// ranks are the fields of policy engines whose values are known, the strictest first. Paths are without names of items.
//
// Source: the CRDs of Kyverno and Gatekeeper.
var ranks = map[string][]string{
	"spec.enforcementAction":                  {"deny", "scoped", "warn", "dryrun"},
	"spec.failurePolicy":                      failurePolicies,
	"spec.rules[].validate.failureAction":     failureActions,
	"spec.validationFailureAction":            failureActions,
	"spec.webhookConfiguration.failurePolicy": failurePolicies,
}

var (
	failureActions  = []string{"Enforce", "Audit"}
	failurePolicies = []string{"Fail", "Ignore"}
)

// rawDefaults are what fields mean where nobody sets them, as JSON: by the CRDs, which makes API servers fill them in, or
// by what reads them.
//
// Source: the CRDs of Kyverno and Gatekeeper.
var rawDefaults = map[string]map[string]string{
	"kyverno.io": {
		"spec.admission":                                yes,
		"spec.auditWarning":                             no,
		"spec.background":                               yes,
		"spec.emitWarning":                              no,
		"spec.failurePolicy":                            `"Fail"`,
		"spec.rules[].skipBackgroundRequests":           yes,
		"spec.rules[].validate.allowExistingViolations": yes,
		"spec.rules[].verifyImages[].mutateDigest":      yes,
		"spec.rules[].verifyImages[].required":          yes,
		"spec.rules[].verifyImages[].useCache":          yes,
		"spec.rules[].verifyImages[].verifyDigest":      yes,
		"spec.rules[].verifyImages[].attestors[].entries[].keys.signatureAlgorithm": `"sha256"`,
		"spec.validationFailureAction":                                              `"Audit"`,
		"spec.webhookConfiguration.failurePolicy":                                   `"Fail"`,
	},
	"policies.kyverno.io": {
		"spec.failurePolicy":                          `"Fail"`,
		"spec.matchConstraints.matchPolicy":           `"Equivalent"`,
		"spec.matchConstraints.resourceRules[].scope": `"*"`,
	},
	"constraints.gatekeeper.sh": {
		"spec.enforcementAction": `"deny"`,
		"spec.match.scope":       `"*"`,
		"spec.match.source":      `"All"`,
	},
	"templates.gatekeeper.sh": {
		"spec.crd.spec.validation.legacySchema": no,
	},
}

const (
	yes = "true"
	no  = "false"
)

// maxDepth bounds how deep objects are compared field by field; what is below is compared as a whole.
const maxDepth = 32

// readRaw reads an object of a policy engine field by field: all but its status, and of its metadata the labels that are
// declared. Lists of objects with names are compared by name, lists of texts and numbers as sets, other lists as a whole.
// What is empty is as if it were absent.
func readRaw(obj runtime.Object, fs *facts) {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return
	}
	readLabels(u, fs)
	r := &rawReader{facts: fs, defaults: rawDefaults[u.GroupVersionKind().Group]}
	for _, field := range sortedKeys(u.Object) {
		switch field {
		case "apiVersion", "kind", "metadata", "status":
		default:
			r.read(place{child("", field), child("", field)}, u.Object[field], 0)
		}
	}
}

// place is where a value stands: its path, and the same without the names of items.
type place struct{ path, shape string }

func (p place) field(name string) place { return place{child(p.path, name), child(p.shape, name)} }

// item is a place in a list; name is empty for all of its items.
func (p place) item(name string) place { return place{p.path + "[" + name + "]", p.shape + "[]"} }

// child returns the path of a field.
func child(path, name string) string {
	switch {
	case name == "" || strings.ContainsAny(name, ".[]"):
		return path + "[" + name + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// rawReader reads facts of an object whose type is not known.
type rawReader struct {
	*facts
	defaults map[string]string
	under    []key
}

func (r *rawReader) add(f fact) {
	f.own, f.under = true, r.under
	if f.rule == nil {
		f.rule = always
	}
	r.facts.add(f)
}

func (r *rawReader) read(at place, value any, depth int) {
	switch value := value.(type) {
	case nil:
	case map[string]any:
		if depth >= maxDepth {
			r.whole(at, value)
			return
		}
		for _, name := range sortedKeys(value) {
			r.read(at.field(name), value[name], depth+1)
		}
	case []any:
		r.readList(at, value, depth)
	default:
		r.scalar(at, value)
	}
}

func (r *rawReader) readList(at place, list []any, depth int) {
	switch {
	case depth < maxDepth && allNamed(list):
		for _, object := range list {
			r.readItem(at, object, depth)
		}
	case allScalars(list):
		for _, scalar := range list {
			f := fact{key: item(at.path, canonical(scalar))}
			if at.shape == "spec.validationActions" {
				f.rule = guards
			}
			r.add(f)
		}
	default:
		r.whole(at, list)
	}
}

// readItem reads an item of a list that is told from others by its name.
func (r *rawReader) readItem(list place, value any, depth int) {
	object, _ := value.(map[string]any)
	name, _ := object[nameField].(string)
	at := list.item(name)
	r.add(fact{key: key{path: at.path}, value: "item " + name})
	inner := &rawReader{facts: r.facts, defaults: r.defaults, under: append(slices.Clone(r.under), key{path: at.path})}
	for _, field := range sortedKeys(object) {
		if field != nameField {
			inner.read(at.field(field), object[field], depth+1)
		}
	}
}

const nameField = "name"

func (r *rawReader) scalar(at place, value any) {
	if value == "" {
		return
	}
	f := fact{key: key{path: at.path}, value: canonical(value), byDefault: r.defaults[at.shape]}
	if known, ok := ranks[at.shape]; ok {
		word, _ := value.(string)
		f.rule, f.rank = weaker, len(known)
		for i := range known {
			if strings.EqualFold(word, known[i]) { // older versions wrote it so
				f.rank, f.value = i, canonical(known[i])
			}
		}
	}
	r.add(f)
}

// whole reads what cannot be taken apart.
func (r *rawReader) whole(at place, value any) {
	if kept := r.pruned(at, value, 0); kept != nil {
		r.add(fact{key: key{path: at.path}, value: canonical(kept)})
	}
}

// pruned returns a value without what is empty or a default, which says nothing; nil where nothing is left.
func (r *rawReader) pruned(at place, value any, depth int) any {
	if depth > maxDepth {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		return r.prunedObject(at, value, depth)
	case []any:
		kept := make([]any, len(value)) // an item that is empty still is one
		for i, each := range value {
			if kept[i] = r.pruned(at.item(""), each, depth+1); kept[i] == nil {
				kept[i] = map[string]any{}
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	}
	if value == nil || value == "" || canonical(value) == r.defaults[at.shape] {
		return nil
	}
	return value
}

func (r *rawReader) prunedObject(at place, object map[string]any, depth int) any {
	kept := make(map[string]any, len(object))
	for name, each := range object {
		if left := r.pruned(at.field(name), each, depth+1); left != nil {
			kept[name] = left
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// allNamed says whether all items of a list are objects with names that differ.
func allNamed(list []any) bool {
	seen := make(map[string]bool, len(list))
	for _, item := range list {
		object, _ := item.(map[string]any)
		name, _ := object[nameField].(string)
		if name == "" || seen[name] {
			return false
		}
		seen[name] = true
	}
	return len(list) > 0
}

func allScalars(list []any) bool {
	return !slices.ContainsFunc(list, func(item any) bool {
		switch item.(type) {
		case nil, map[string]any, []any:
			return true
		}
		return false
	})
}

// canonical returns a value as JSON: names in order, and numbers in one spelling.
func canonical(value any) string {
	if number, ok := value.(float64); ok && number == float64(int64(number)) {
		value = int64(number)
	}
	text, err := json.Marshal(value)
	if err != nil { // no value that was read from JSON
		return unreadable
	}
	return string(text)
}

func sortedKeys(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
