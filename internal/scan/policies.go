package scan

import (
	"errors"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline.dev/plumbline/internal/network"
)

// refusedPolicies takes the NetworkPolicies that an API server would refuse for problems: while one is there nobody can tell what
// the others of its namespace let through, and it will not be there to say so after it was applied.
func (w *world) refusedPolicies() {
	for i := range w.objects {
		np, is := w.objects[i].object.(*networkingv1.NetworkPolicy)
		if !is {
			continue
		}
		_, err := network.Compile(np)
		if err == nil {
			continue
		}
		source := w.objects[i].source
		if inner := errors.Unwrap(err); inner != nil { // it begins with the field
			field, _, _ := strings.Cut(inner.Error(), ": ")
			source.Line = w.loader.Line(source, field)
		}
		w.problems = append(w.problems, Problem{Source: sourceOf(source), Message: err.Error() +
			". The API server refuses it, and the network of its namespace is not judged: correct it."})
	}
}
