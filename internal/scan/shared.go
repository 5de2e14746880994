package scan

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// shared keeps one of many equal lists of resources: containers by the ten thousand ask for the same, and each list of its own
// takes more memory than the rest of what is kept of its container.
type shared struct {
	lists map[string]corev1.ResourceList
}

// in puts what is shared in the place of what a workload holds. Nothing that was read is changed afterwards.
func (s *shared) in(w *workload.Workload) {
	if len(w.Meta.Labels) > 0 && maps.Equal(w.Meta.Labels, w.PodMeta.Labels) {
		w.PodMeta.Labels = w.Meta.Labels
	}
	for _, containers := range [][]corev1.Container{w.Pod.InitContainers, w.Pod.Containers} {
		for i := range containers {
			resources := &containers[i].Resources
			resources.Limits, resources.Requests = s.list(resources.Limits), s.list(resources.Requests)
		}
	}
}

func (s *shared) list(own corev1.ResourceList) corev1.ResourceList {
	if len(own) == 0 {
		return own
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(own)) {
		quantity := own[name]
		b.WriteString(string(name) + "=" + quantity.String() + "\n")
	}
	text := b.String()
	if known, is := s.lists[text]; is {
		return known
	}
	if s.lists == nil {
		s.lists = map[string]corev1.ResourceList{}
	}
	s.lists[text] = own
	return own
}
