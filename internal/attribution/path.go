package attribution

import (
	"strconv"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// parse reads the path of a finding, such as "spec.template.spec.containers[app].securityContext.privileged". What
// stands in brackets may hold dots. It is the key of an item of a list, most often its name, or, after annotations, a key
// of theirs, which managedFields hold like a field.
func parse(path string) fieldpath.Path {
	var elements fieldpath.Path
	for path != "" {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end > 0 {
			elements = append(elements, fieldpath.FieldNameElement(path[:end]))
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

func element(parents fieldpath.Path, key string) fieldpath.PathElement {
	list := ""
	if n := len(parents); n > 0 && parents[n-1].FieldName != nil {
		list = *parents[n-1].FieldName
	}
	switch list {
	case "annotations":
		return fieldpath.FieldNameElement(key)
	case "volumeMounts":
		return fieldpath.KeyElementByFields("mountPath", key)
	case "ports": // 8080/TCP
		number, protocol, _ := strings.Cut(key, "/")
		if port, err := strconv.ParseInt(number, 10, 32); err == nil {
			return fieldpath.KeyElementByFields("containerPort", port, "protocol", protocol)
		}
	}
	return fieldpath.KeyElementByFields("name", key)
}
