package checks

import (
	"strings"

	"plumbline.dev/plumbline/internal/workload"
)

// annotationFor returns the annotation of the pods that stands for a field of a container, and whether there is one.
// It does not look up prefix+name, because that would allocate for each container.
func annotationFor(w *workload.Workload, prefix, name string) (string, bool) {
	for key, value := range w.PodMeta.Annotations {
		if len(key) == len(prefix)+len(name) && strings.HasPrefix(key, prefix) && strings.HasSuffix(key, name) {
			return value, true
		}
	}
	return "", false
}
