package workload

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
)

// podTemplateGeneration is a label that the DaemonSet controller still sets, and of which the API has no name any more.
const podTemplateGeneration = "pod-template-generation"

// addedLabels are the labels, by kind, that controllers set on pods beside those of the template, to values that nobody
// knows before. Source: the controllers in pkg/controller of Kubernetes, and what the API server adds to a Job.
var addedLabels = map[string][]string{
	"Deployment":  {appsv1.DefaultDeploymentUniqueLabelKey},
	"StatefulSet": {appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel, appsv1.StatefulSetRevisionLabel},
	"DaemonSet":   {appsv1.DefaultDaemonSetUniqueLabelKey, podTemplateGeneration},
	"Job":         jobLabels,
	"CronJob":     jobLabels,
}

var jobLabels = []string{
	batchv1.JobNameLabel, batchv1.ControllerUidLabel, batchv1.JobCompletionIndexAnnotation, "job-name", "controller-uid",
}

// AddedLabels returns the keys of the labels that the pods have beside those of the template, each with a value that only
// their controller knows. The slice must not be changed.
func (w Workload) AddedLabels() []string {
	all := addedLabels[w.Kind]
	if w.Kind != "Job" || !slices.ContainsFunc(all, w.hasLabel) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), w.hasLabel) // the API server has set them in the template, where they stay
}

func (w Workload) hasLabel(key string) bool {
	_, set := w.PodMeta.Labels[key]
	return set
}

// MayBeAdded says whether a controller sets a label of this key on the pods of one kind or another.
func MayBeAdded(key string) bool {
	for _, keys := range addedLabels {
		if slices.Contains(keys, key) {
			return true
		}
	}
	return false
}
