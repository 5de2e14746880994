package attribution

import (
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// atomic are lists that managedFields hold as a whole: the rules of a NetworkPolicy, whose paths count their items, and those of
// a role, whose paths name a field of all of them.
var atomic = []string{"ingress", "egress", "rules"}

// parse reads the path of a finding, such as "spec.template.spec.containers[app].securityContext.privileged". What
// stands in brackets may hold dots. It is the key of an item of a list, most often its name, or, after annotations, labels and
// quantities of resources, a key of theirs, which managedFields hold like a field.
func parse(path string) fieldpath.Path {
	var elements fieldpath.Path
	for path != "" {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end > 0 {
			elements = append(elements, fieldpath.FieldNameElement(path[:end]))
			if slices.Contains(atomic, path[:end]) {
				return elements
			}
		}
		path = path[end:]
		if strings.HasPrefix(path, "[") {
			name, rest, _ := strings.Cut(path[1:], "]")
			elements = append(elements, element(elements, name))
			path = rest
		}
		path = strings.TrimPrefix(path, ".")
	}
	return elements
}

// last returns the field that a path ends with; empty where it ends with an item.
func last(elements fieldpath.Path) string {
	if n := len(elements); n > 0 && elements[n-1].FieldName != nil {
		return *elements[n-1].FieldName
	}
	return ""
}

func element(parents fieldpath.Path, key string) fieldpath.PathElement {
	switch last(parents) {
	case "annotations", "labels", "limits", "requests":
		return fieldpath.FieldNameElement(key)
	case "volumeMounts":
		return fieldpath.KeyElementByFields(mountPath, key)
	case "ports": // 8080/TCP
		number, protocol, _ := strings.Cut(key, "/")
		if port, err := strconv.ParseInt(number, 10, 32); err == nil {
			return fieldpath.KeyElementByFields("containerPort", port, "protocol", protocol)
		}
	}
	return fieldpath.KeyElementByFields("name", key)
}
