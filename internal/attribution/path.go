package attribution

import (
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// parse reads the path of a finding, such as "spec.template.spec.containers[app].securityContext.privileged". What
// stands in brackets is the name of an item of a list that is keyed by name, and may hold dots.
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
			elements = append(elements, fieldpath.KeyElementByFields("name", name))
			path = rest
		}
		path = strings.TrimPrefix(path, ".")
	}
	return elements
}
