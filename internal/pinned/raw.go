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
// by what reads them. Anywhere else what is empty says something: "deny: {}" of Kyverno denies everything.
//
// Source: the CRDs of Kyverno and Gatekeeper.
var rawDefaults = map[string]map[string]string{
	"kyverno.io": {
		"spec":                                                   noFields,
		"spec.admission":                                         yes,
		"spec.auditWarning":                                      no,
		"spec.background":                                        yes,
		"spec.emitWarning":                                       no,
		"spec.failurePolicy":                                     `"Fail"`,
		"spec.rules":                                             noItems,
		"spec.rules[].context":                                   noItems,
		"spec.rules[].exclude":                                   noFields,
		"spec.rules[].exclude.resources":                         noFields,
		"spec.rules[].exclude.all[].resources":                   noFields,
		"spec.rules[].exclude.any[].resources":                   noFields,
		"spec.rules[].generate":                                  noFields,
		"spec.rules[].generate.clone":                            noFields,
		"spec.rules[].match":                                     noFields,
		"spec.rules[].match.all[].resources":                     noFields,
		"spec.rules[].match.any[].resources":                     noFields,
		"spec.rules[].match.resources":                           noFields,
		"spec.rules[].mutate":                                    noFields,
		"spec.rules[].skipBackgroundRequests":                    yes,
		"spec.rules[].validate":                                  noFields,
		"spec.rules[].validate.allowExistingViolations":          yes,
		"spec.rules[].verifyImages":                              noItems,
		"spec.rules[].verifyImages[].attestors":                  noItems,
		"spec.rules[].verifyImages[].mutateDigest":               yes,
		"spec.rules[].verifyImages[].required":                   yes,
		"spec.rules[].verifyImages[].useCache":                   yes,
		"spec.rules[].verifyImages[].verifyDigest":               yes,
		"spec.rules[].verifyImages[].attestors[].entries[].keys": noFields,
		"spec.rules[].verifyImages[].attestors[].entries[].keys.signatureAlgorithm": `"sha256"`,
		"spec.validationFailureAction":                                              `"Audit"`,
		"spec.webhookConfiguration":                                                 noFields,
		"spec.webhookConfiguration.failurePolicy":                                   `"Fail"`,
	},
	"policies.kyverno.io": {
		"spec":                                        noFields,
		"spec.failurePolicy":                          `"Fail"`,
		"spec.matchConstraints":                       noFields,
		"spec.matchConstraints.matchPolicy":           `"Equivalent"`,
		"spec.matchConstraints.namespaceSelector":     noFields,
		"spec.matchConstraints.objectSelector":        noFields,
		"spec.matchConstraints.resourceRules[].scope": `"*"`,
	},
	"constraints.gatekeeper.sh": {
		"spec":                          noFields,
		"spec.enforcementAction":        `"deny"`,
		"spec.match":                    noFields,
		"spec.match.excludedNamespaces": noItems,
		"spec.match.labelSelector":      noFields,
		"spec.match.namespaceSelector":  noFields,
		"spec.match.scope":              `"*"`,
		"spec.match.source":             `"All"`,
	},
	"templates.gatekeeper.sh": {
		"spec":                                  noFields,
		"spec.crd.spec.validation":              noFields,
		"spec.crd.spec.validation.legacySchema": no,
	},
}

const (
	yes      = "true"
	no       = "false"
	noFields = "{}"
	noItems  = "[]"
)

// freeForm are the fields whose content the CRDs leave open. API servers keep a null there, and what reads them tells it from
// nothing: a pattern of Kyverno demands by it that a field is absent. Elsewhere they take it out.
var freeForm = []string{"anyPattern", "data", "openAPIV3Schema", "parameters", "patchStrategicMerge", "pattern", "value"}

// maxDepth bounds how deep objects are compared field by field; what is below is compared as a whole.
const maxDepth = 32

// readRaw reads an object of a policy engine field by field: all but its status, and of its metadata the labels that are
// declared. Lists of objects with names are compared by name, lists of texts and numbers as sets, other lists as a whole.
// What is empty is as if it were absent only where that is known to mean the same.
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
			r.read(place{}.field(field), u.Object[field], 0)
		}
	}
}

// place is where a value stands: its path, and the same without the names of items. free says that it is inside of what the
// CRDs leave open.
type place struct {
	path, shape string
	free        bool
}

func (p place) field(name string) place {
	return place{child(p.path, name), child(p.shape, name), p.free || slices.Contains(freeForm, name)}
}

// item is a place in a list; name is empty for all of its items.
func (p place) item(name string) place {
	return place{p.path + "[" + name + "]", p.shape + "[]", p.free}
}

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
	case map[string]any:
		if depth >= maxDepth || len(value) == 0 {
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
	case len(list) > 0 && allScalars(list):
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
	known, ranked := ranks[at.shape]
	if value == nil && !at.free || value == "" && ranked {
		return
	}
	f := fact{key: key{path: at.path}, value: canonical(value), byDefault: r.defaults[at.shape]}
	if ranked {
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

// whole reads what cannot be taken apart, or has no parts.
func (r *rawReader) whole(at place, value any) {
	if kept, says := r.pruned(at, value, 0); says {
		r.add(fact{key: key{path: at.path}, value: canonical(kept), byDefault: r.defaults[at.shape]})
	}
}

// pruned returns a value without what says nothing: defaults, and objects of nothing but these; false where nothing is left.
func (r *rawReader) pruned(at place, value any, depth int) (any, bool) {
	if depth > maxDepth {
		return value, true
	}
	if value == nil {
		return nil, at.free
	}
	if byDefault, is := r.defaults[at.shape]; is && canonical(value) == byDefault {
		return nil, false
	}
	switch value := value.(type) {
	case map[string]any:
		return r.prunedObject(at, value, depth)
	case []any:
		kept := make([]any, len(value))
		for i, each := range value {
			left, says := r.pruned(at.item(""), each, depth+1)
			if kept[i] = left; !says {
				kept[i] = map[string]any{} // an item that says nothing still is one
			}
		}
		return kept, true
	}
	return value, true
}

func (r *rawReader) prunedObject(at place, object map[string]any, depth int) (any, bool) {
	kept := make(map[string]any, len(object))
	for name, each := range object {
		if left, says := r.pruned(at.field(name), each, depth+1); says {
			kept[name] = left
		}
	}
	return kept, len(kept) > 0 || len(object) == 0
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
