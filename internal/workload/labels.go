package workload

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// podTemplateGeneration is a label that the DaemonSet controller still sets, and of which the API has no name any more.
const podTemplateGeneration = "pod-template-generation"

// scheduledLabels are those that the API server copies from the node to each pod that gets one, over those that the pod has, and
// that nodes need not have. Source: the admission plugin PodTopologyLabels of Kubernetes, on since v1.35.
var scheduledLabels = []string{corev1.LabelTopologyZone, corev1.LabelTopologyRegion}

// controllerLabels are the labels, by kind, that controllers set on pods beside those of the template, to values that nobody
// knows before. Source: the controllers in pkg/controller of Kubernetes, and what the API server adds to a Job.
var controllerLabels = map[string][]string{
	"Deployment":  {appsv1.DefaultDeploymentUniqueLabelKey},
	"StatefulSet": {appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel, appsv1.StatefulSetRevisionLabel},
	"DaemonSet":   {appsv1.DefaultDaemonSetUniqueLabelKey, podTemplateGeneration},
	"Job":         jobLabels,
	"CronJob":     jobLabels,
}

var jobLabels = []string{
	batchv1.JobNameLabel, batchv1.ControllerUidLabel, batchv1.JobCompletionIndexAnnotation, "job-name", "controller-uid",
}

// addedLabels are both, by kind.
var addedLabels = func() map[string][]string {
	all := map[string][]string{}
	for i := range kinds {
		all[kinds[i].Kind] = slices.Concat(controllerLabels[kinds[i].Kind], scheduledLabels)
	}
	return all
}()

// ScheduledLabels returns the keys of the labels that a pod may get with its node. The slice must not be changed.
func ScheduledLabels() []string { return scheduledLabels }

// AddedLabels returns the keys of the labels that the pods have beside those of the template, each with a value that nobody
// knows before, and those that they may have: see MayBeAbsent. The slice must not be changed.
func (w Workload) AddedLabels() []string {
	all := addedLabels[w.Kind]
	settled := w.hasLabel // a pod that has a label of its node has got it
	switch w.Kind {
	case "Job": // the API server has set them in the template, where they stay
		settled = func(key string) bool { return slices.Contains(jobLabels, key) && w.hasLabel(key) }
	case "Pod":
	default:
		return all
	}
	if !slices.ContainsFunc(all, settled) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), settled)
}

func (w Workload) hasLabel(key string) bool {
	_, set := w.PodMeta.Labels[key]
	return set
}

// MayBeAdded says whether a controller or the API server sets a label of this key on the pods of one kind or another.
func MayBeAdded(key string) bool {
	for _, keys := range addedLabels {
		if slices.Contains(keys, key) {
			return true
		}
	}
	return false
}

// MayBeAbsent says whether a label of this key, which may be added, is not on every pod: API servers before v1.35 set none of
// those of nodes, and a node may be without.
func MayBeAbsent(key string) bool { return slices.Contains(scheduledLabels, key) }
