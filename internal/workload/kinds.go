package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is a kind whose pods are judged.
type Kind struct {
	schema.GroupVersionKind
	// Resource is the kind's name in URLs and in RBAC rules.
	Resource string
	// New and NewList return an empty object and an empty list of the kind.
	New     func() runtime.Object
	NewList func() runtime.Object
}

// Kinds are all the kinds whose pods are judged, top controllers first. Nobody may change them.
func Kinds() []Kind { return kinds }

// kinds is made once: it is asked for several times for each object that is judged.
var kinds = []Kind{
	{appsv1.SchemeGroupVersion.WithKind("Deployment"), "deployments",
		func() runtime.Object { return &appsv1.Deployment{} }, func() runtime.Object { return &appsv1.DeploymentList{} }},
	{appsv1.SchemeGroupVersion.WithKind("StatefulSet"), "statefulsets",
		func() runtime.Object { return &appsv1.StatefulSet{} }, func() runtime.Object { return &appsv1.StatefulSetList{} }},
	{appsv1.SchemeGroupVersion.WithKind("DaemonSet"), "daemonsets",
		func() runtime.Object { return &appsv1.DaemonSet{} }, func() runtime.Object { return &appsv1.DaemonSetList{} }},
	{appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), "replicasets",
		func() runtime.Object { return &appsv1.ReplicaSet{} }, func() runtime.Object { return &appsv1.ReplicaSetList{} }},
	{corev1.SchemeGroupVersion.WithKind("ReplicationController"), "replicationcontrollers",
		func() runtime.Object { return &corev1.ReplicationController{} }, func() runtime.Object { return &corev1.ReplicationControllerList{} }},
	{batchv1.SchemeGroupVersion.WithKind("CronJob"), "cronjobs",
		func() runtime.Object { return &batchv1.CronJob{} }, func() runtime.Object { return &batchv1.CronJobList{} }},
	{batchv1.SchemeGroupVersion.WithKind("Job"), "jobs",
		func() runtime.Object { return &batchv1.Job{} }, func() runtime.Object { return &batchv1.JobList{} }},
	{corev1.SchemeGroupVersion.WithKind("Pod"), "pods",
		func() runtime.Object { return &corev1.Pod{} }, func() runtime.Object { return &corev1.PodList{} }},
}

// KindOf returns the Kind of a group and kind, and whether it is one whose pods are judged.
func KindOf(gk schema.GroupKind) (Kind, bool) {
	for _, k := range Kinds() {
		if k.GroupKind() == gk {
			return k, true
		}
	}
	return Kind{}, false
}

// IsKind says whether one of the kinds that are judged is called so.
func IsKind(name string) bool { return ClassNamed(name) != 0 }

// Workload is an object whose pods are judged: what a check sees of it. It shares the memory of the object it was
// made from and must not be changed.
type Workload struct {
	Ref
	// APIVersion is the group and version the object was read in.
	APIVersion string
	// Meta is the metadata of the object itself.
	Meta *metav1.ObjectMeta
	// Pod is the spec of its pods, and PodMeta their metadata.
	Pod     *corev1.PodSpec
	PodMeta *metav1.ObjectMeta
	// PodPath is where Pod stands in the object: "spec" for a pod, "spec.template.spec" for most others.
	PodPath string
	// Claims are the claims that a StatefulSet makes for each of its pods: volumes of type persistentVolumeClaim, each in
	// the place of the template's volume of its name.
	Claims []corev1.PersistentVolumeClaim
	// EphemeralOnly says that only findings on ephemeral containers count: another object stands for the rest of the pod.
	EphemeralOnly bool
	// Finished says that the object is a pod no container of which will ever run again, or a Job that makes no more pods.
	Finished bool
	// Replicas is how many pods a ReplicaSet or ReplicationController is asked to run; nil for other kinds.
	Replicas *int32
}

const templatePath = "spec.template.spec"

// Of returns the object as a Workload, and false when it is not of a kind whose pods are judged.
func Of(obj runtime.Object) (Workload, bool) {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		return fromTemplate(appsv1.SchemeGroupVersion, "Deployment", &o.ObjectMeta, &o.Spec.Template), true
	case *appsv1.StatefulSet:
		w := fromTemplate(appsv1.SchemeGroupVersion, "StatefulSet", &o.ObjectMeta, &o.Spec.Template)
		w.Claims = o.Spec.VolumeClaimTemplates
		return w, true
	case *appsv1.DaemonSet:
		return fromTemplate(appsv1.SchemeGroupVersion, "DaemonSet", &o.ObjectMeta, &o.Spec.Template), true
	case *appsv1.ReplicaSet:
		w := fromTemplate(appsv1.SchemeGroupVersion, "ReplicaSet", &o.ObjectMeta, &o.Spec.Template)
		w.Replicas = o.Spec.Replicas
		return w, true
	case *corev1.ReplicationController:
		w := fromTemplate(corev1.SchemeGroupVersion, "ReplicationController", &o.ObjectMeta, o.Spec.Template)
		w.Replicas = o.Spec.Replicas
		return w, true
	case *batchv1.Job:
		w := fromTemplate(batchv1.SchemeGroupVersion, "Job", &o.ObjectMeta, &o.Spec.Template)
		w.Finished = finishedJob(o.Status.Conditions)
		return w, true
	case *batchv1.CronJob:
		w := fromTemplate(batchv1.SchemeGroupVersion, "CronJob", &o.ObjectMeta, &o.Spec.JobTemplate.Spec.Template)
		w.PodPath = "spec.jobTemplate.spec.template.spec"
		return w, true
	case *corev1.Pod:
		w := newWorkload(corev1.SchemeGroupVersion, "Pod", &o.ObjectMeta)
		w.Pod, w.PodMeta, w.PodPath = &o.Spec, &o.ObjectMeta, "spec"
		w.Finished = finished(o.Status.Phase)
		return w, true
	}
	return Workload{}, false
}

func newWorkload(gv schema.GroupVersion, kind string, meta *metav1.ObjectMeta) Workload {
	return Workload{
		Ref:        Ref{Group: gv.Group, Kind: kind, Namespace: meta.Namespace, Name: meta.Name},
		APIVersion: gv.String(),
		Meta:       meta,
	}
}

func fromTemplate(gv schema.GroupVersion, kind string, meta *metav1.ObjectMeta, template *corev1.PodTemplateSpec) Workload {
	w := newWorkload(gv, kind, meta)
	if template == nil { // a ReplicationController may have none: it makes no pods
		template = &corev1.PodTemplateSpec{}
	}
	w.Pod, w.PodMeta, w.PodPath = &template.Spec, &template.ObjectMeta, templatePath
	return w
}

// Idle says whether the object is asked to run no pods: an old revision, say.
func (w Workload) Idle() bool {
	return w.Replicas != nil && *w.Replicas == 0
}

// AtRest says whether no pods run for the object, and none are to: it is idle, or has finished.
func (w Workload) AtRest() bool { return w.Idle() || w.Finished }

// Under returns the workload as it is judged as part of an owner of a kind that is not watched. Objects of kinds that are
// made anew for every revision or run keep their paths, so that revisions which say the same make one finding. Of the
// others an owner may have several at once, so that their paths begin with the object, such as
// "deployments[worker].spec.template.spec.hostPID".
func (w Workload) Under() Workload {
	switch w.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "CronJob":
		kind, _ := KindOf(w.GroupKind())
		w.PodPath = kind.Resource + "[" + w.Name + "]." + w.PodPath
	}
	return w
}
