package workload

// Debugged returns a pod as it is judged beside the controller that stands for it: by its ephemeral containers alone,
// which no template has. It is false for a pod without any, and for other kinds.
func (w Workload) Debugged() (Workload, bool) {
	if w.Kind != "Pod" || len(w.Pod.EphemeralContainers) == 0 {
		return Workload{}, false
	}
	pod := *w.Pod
	pod.InitContainers, pod.Containers = nil, nil
	w.Pod, w.EphemeralOnly = &pod, true
	return w, true
}

// HasContainer says whether one of the containers that are judged bears the name.
func (w *Workload) HasContainer(name string) bool {
	for c := range w.Containers() {
		if c.Name == name {
			return true
		}
	}
	return false
}
