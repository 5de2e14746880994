package workload

import (
	"iter"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Container is a container of any sort, as a check sees it.
type Container struct {
	*corev1.Container
	// List is the field of the pod spec that holds it: containers, initContainers or ephemeralContainers.
	List string

	podPath string
}

// Path returns the path of a field of the container, such as
// "spec.template.spec.containers[app].securityContext.privileged".
func (c Container) Path(field string) string {
	return c.podPath + "." + c.List + "[" + c.Name + "]." + field
}

// Security returns the container's securityContext; where there is none, an empty one, which means the same.
func (c Container) Security() *corev1.SecurityContext {
	if c.SecurityContext == nil {
		return &noSecurityContext
	}
	return c.SecurityContext
}

// MaxContainers is how many containers of an object are judged. A pod that a kubelet would run has far fewer; an object
// may hold tens of thousands, and every check would make a finding of each.
const MaxContainers = 256

// Unjudged returns how many containers of the pods are beyond those that are judged.
func (w *Workload) Unjudged() int {
	return max(0, len(w.Pod.InitContainers)+len(w.Pod.Containers)+len(w.Pod.EphemeralContainers)-MaxContainers)
}

// Containers goes over the containers of the pods, the first MaxContainers of them: init containers, containers,
// ephemeral containers.
func (w *Workload) Containers() iter.Seq[Container] {
	return func(yield func(Container) bool) {
		left := MaxContainers
		for i := range w.Pod.InitContainers {
			if left--; left < 0 || !yield(Container{&w.Pod.InitContainers[i], "initContainers", w.PodPath}) {
				return
			}
		}
		for i := range w.Pod.Containers {
			if left--; left < 0 || !yield(Container{&w.Pod.Containers[i], "containers", w.PodPath}) {
				return
			}
		}
		for i := range w.Pod.EphemeralContainers {
			// The API keeps the two types alike field by field, so that this conversion holds.
			c := (*corev1.Container)(&w.Pod.EphemeralContainers[i].EphemeralContainerCommon)
			if left--; left < 0 || !yield(Container{c, "ephemeralContainers", w.PodPath}) {
				return
			}
		}
	}
}

// Path returns the path of a field of the pod spec, such as "spec.template.spec.hostPID".
func (w Workload) Path(field string) string {
	return w.PodPath + "." + field
}

// AnnotationPath returns the path of an annotation of the pods, such as "spec.template.metadata.annotations[key]".
func (w Workload) AnnotationPath(key string) string {
	return strings.TrimSuffix(w.PodPath, "spec") + "metadata.annotations[" + key + "]"
}

// Security returns the pod's securityContext; where there is none, an empty one, which means the same.
func (w Workload) Security() *corev1.PodSecurityContext {
	if w.Pod.SecurityContext == nil {
		return &noPodSecurityContext
	}
	return w.Pod.SecurityContext
}

// Windows says whether the pods run on Windows, where the API refuses the Linux fields of the securityContext.
func (w Workload) Windows() bool {
	return w.Pod.OS != nil && w.Pod.OS.Name == corev1.Windows
}

// UserNamespace says whether the pods have a user namespace of their own, in which root is nobody on the node.
func (w Workload) UserNamespace() bool {
	return w.Pod.HostUsers != nil && !*w.Pod.HostUsers
}

// Empty contexts that are only read, so that a pod without one costs no allocation.
var (
	noSecurityContext    corev1.SecurityContext
	noPodSecurityContext corev1.PodSecurityContext
)
