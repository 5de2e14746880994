package workload

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// The annotations of pods that stood for fields of the securityContext before there were such fields. A container's
// name follows those that end in a slash.
const (
	AppArmorAnnotation         = corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix
	SeccompPodAnnotation       = "seccomp.security.alpha.kubernetes.io/pod"
	SeccompContainerAnnotation = "container.seccomp.security.alpha.kubernetes.io/"
)

// Trim takes out of an object, in place, all that no check looks at, so that a cache holds little. An object that a
// watched kind makes keeps nothing of its pods: its controller's template is judged in its place. Of a pod its Digest stays,
// by which it is told whether it is as its template. Only ephemeral containers stand in no template: a pod with one is kept.
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
	if Trimmed(w) && len(w.Pod.EphemeralContainers) == 0 {
		*w.Pod = corev1.PodSpec{SchedulerName: kept(w)}
	} else {
		*w.Pod = trimPod(w.Pod, volumesHeld(w.Pod.Volumes))
	}
	trimRest(obj)
}

// Trimmed says whether Trim keeps nothing of the pods of a workload, because it names a watched controller that makes such
// objects. What names another, such as a ServiceAccount, stands for itself: nothing else does.
func Trimmed(w Workload) bool {
	owner, owned := Owner(w.Meta)
	if !owned {
		return false
	}
	ref := RefTo(owner, w.Namespace)
	return Watched(ref) && Makes(ref.Kind, w.Kind)
}

// Watched says whether the kind of the object is one that is judged itself.
func Watched(ref Ref) bool {
	_, ok := ClassOf(ref.GroupKind())
	return ok
}

func trimMeta(meta *metav1.ObjectMeta) {
	meta.ManagedFields = nil
	meta.Annotations = trimAnnotations(meta.Annotations)
}

// trimAnnotations keeps those that stand for fields of the securityContext, and the one that tells static pods.
func trimAnnotations(annotations map[string]string) map[string]string {
	var kept map[string]string
	for key, value := range annotations {
		if !judgedAnnotation(key) {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[key] = value
	}
	return kept
}

func judgedAnnotation(key string) bool {
	return key == SeccompPodAnnotation || key == corev1.MirrorPodAnnotationKey ||
		strings.HasPrefix(key, AppArmorAnnotation) || strings.HasPrefix(key, SeccompContainerAnnotation)
}

// trimRest drops what stands beside the pods. Replicas stay: a revision that runs no pods is told from others by them.
func trimRest(obj runtime.Object) {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		o.Status = appsv1.DeploymentStatus{}
	case *appsv1.StatefulSet:
		o.Status, o.Spec.VolumeClaimTemplates = appsv1.StatefulSetStatus{}, trimClaims(o.Spec.VolumeClaimTemplates)
	case *appsv1.DaemonSet:
		o.Status = appsv1.DaemonSetStatus{}
	case *appsv1.ReplicaSet:
		o.Status = appsv1.ReplicaSetStatus{}
	case *corev1.ReplicationController:
		o.Status = corev1.ReplicationControllerStatus{}
	case *batchv1.Job:
		o.Status = batchv1.JobStatus{Conditions: trimConditions(o.Status.Conditions)}
	case *batchv1.CronJob:
		o.Status = batchv1.CronJobStatus{}
	case *corev1.Pod:
		phase := corev1.PodPhase("")
		if finished(o.Status.Phase) {
			phase = o.Status.Phase
		}
		o.Status = corev1.PodStatus{Phase: phase}
	}
}

// trimClaims keeps the names, and what claims are filled with.
func trimClaims(claims []corev1.PersistentVolumeClaim) []corev1.PersistentVolumeClaim {
	if len(claims) == 0 {
		return nil
	}
	trimmed := make([]corev1.PersistentVolumeClaim, len(claims))
	for i := range claims {
		trimmed[i].Name, trimmed[i].Spec = claims[i].Name, trimClaim(&claims[i].Spec)
	}
	return trimmed
}

// trimConditions keeps those that say that a Job has finished.
func trimConditions(conditions []batchv1.JobCondition) []batchv1.JobCondition {
	var kept []batchv1.JobCondition
	for i := range conditions {
		if c := &conditions[i]; ends(c) {
			kept = append(kept, batchv1.JobCondition{Type: c.Type, Status: c.Status})
		}
	}
	return kept
}
