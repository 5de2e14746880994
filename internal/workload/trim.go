package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Trim takes out of an object, in place, all that no check looks at, so that a cache holds little. An object that a
// watched kind controls keeps nothing of its pods: its controller's template is judged in its place.
//
// A field that a check begins to look at must be kept here: the tests of the checks judge every case both whole and
// trimmed, and fail where that makes a difference.
func Trim(obj runtime.Object) {
	w, ok := Of(obj)
	if !ok {
		return
	}
	trimMeta(w.Meta)
	if w.PodMeta != w.Meta {
		trimMeta(w.PodMeta)
	}
	if Trimmed(w) {
		*w.Pod = corev1.PodSpec{}
	} else {
		*w.Pod = trimPod(w.Pod)
	}
	trimRest(obj)
}

// Trimmed says whether Trim keeps nothing of the pods of a workload, because it names a watched controller.
func Trimmed(w Workload) bool {
	owner, owned := Owner(w.Meta)
	return owned && Watched(RefTo(owner, w.Namespace))
}

// Watched says whether the kind of the object is one whose pods are judged.
func Watched(ref Ref) bool {
	_, ok := KindOf(ref.GroupKind())
	return ok
}

func trimMeta(meta *metav1.ObjectMeta) {
	meta.ManagedFields = nil
	meta.Annotations = nil
}

func trimPod(pod *corev1.PodSpec) corev1.PodSpec {
	trimmed := corev1.PodSpec{
		SecurityContext: pod.SecurityContext,
		HostPID:         pod.HostPID,
		HostIPC:         pod.HostIPC,
		HostNetwork:     pod.HostNetwork,
		OS:              pod.OS,
		InitContainers:  trimContainers(pod.InitContainers),
		Containers:      trimContainers(pod.Containers),
	}
	for i := range pod.EphemeralContainers {
		c := &pod.EphemeralContainers[i]
		trimmed.EphemeralContainers = append(trimmed.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: c.Name, SecurityContext: c.SecurityContext},
		})
	}
	return trimmed
}

func trimContainers(containers []corev1.Container) []corev1.Container {
	if len(containers) == 0 {
		return nil
	}
	trimmed := make([]corev1.Container, len(containers))
	for i := range containers {
		trimmed[i] = corev1.Container{Name: containers[i].Name, SecurityContext: containers[i].SecurityContext}
	}
	return trimmed
}

// trimRest drops what stands beside the pods. Replicas stay: a revision that runs no pods is told from others by them.
func trimRest(obj runtime.Object) {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		o.Status = appsv1.DeploymentStatus{}
	case *appsv1.StatefulSet:
		o.Status, o.Spec.VolumeClaimTemplates = appsv1.StatefulSetStatus{}, nil
	case *appsv1.DaemonSet:
		o.Status = appsv1.DaemonSetStatus{}
	case *appsv1.ReplicaSet:
		o.Status = appsv1.ReplicaSetStatus{}
	case *corev1.ReplicationController:
		o.Status = corev1.ReplicationControllerStatus{}
	case *batchv1.Job:
		o.Status = batchv1.JobStatus{}
	case *batchv1.CronJob:
		o.Status = batchv1.CronJobStatus{}
	case *corev1.Pod:
		o.Status = corev1.PodStatus{}
	}
}
