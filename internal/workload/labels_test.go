package workload_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

func TestLabelsThatControllersSet(t *testing.T) {
	named := &batchv1.Job{}
	named.Spec.Template.Labels = map[string]string{
		"batch.kubernetes.io/job-name": "a", "batch.kubernetes.io/controller-uid": "1", "job-name": "a", "controller-uid": "1",
	}
	const zone, region = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
	zoned := &appsv1.ReplicaSet{}
	zoned.Spec.Template.Labels = map[string]string{zone: "eu-1a"}
	for name, test := range map[string]struct {
		obj  runtime.Object
		want []string
	}{
		"of a Deployment":                        {&appsv1.Deployment{}, []string{"pod-template-hash", zone, region}},
		"of a StatefulSet":                       {&appsv1.StatefulSet{}, []string{"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-revision-hash", zone, region}},
		"of a DaemonSet":                         {&appsv1.DaemonSet{}, []string{"controller-revision-hash", "pod-template-generation", zone, region}},
		"of a Job as the API server holds it":    {named, []string{"batch.kubernetes.io/job-completion-index", zone, region}},
		"a pod gets some with its node":          {&corev1.Pod{}, []string{zone, region}},
		"a pod that has them has got them":       {&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{zone: "eu-1a", region: "eu"}}}, []string{}},
		"a ReplicaSet has those of its template": {&appsv1.ReplicaSet{}, []string{zone, region}},
		"those of nodes overwrite a template's":  {zoned, []string{zone, region}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := workload.Of(test.obj)
			if diff := cmp.Diff(test.want, w.AddedLabels()); diff != "" {
				t.Error(diff)
			}
			for _, key := range test.want {
				if !workload.MayBeAdded(key) {
					t.Errorf("%s is not known to be set by anybody", key)
				}
			}
		})
	}
	written, _ := workload.Of(&batchv1.Job{})
	if got := len(written.AddedLabels()); got != 7 {
		t.Errorf("of a Job in a file, %d", got)
	}
	if workload.MayBeAdded("app") {
		t.Error("no controller sets app")
	}
}

func TestTrimKeepsWhatStandsForItself(t *testing.T) {
	yes := true
	owned := func(apiVersion, kind string) metav1.ObjectMeta {
		return metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "x", Controller: &yes}}}
	}
	for name, test := range map[string]struct {
		meta  metav1.ObjectMeta
		keeps bool
	}{
		"a pod of a ReplicaSet":                    {owned("apps/v1", "ReplicaSet"), false},
		"a pod that says a ServiceAccount made it": {owned("v1", "ServiceAccount"), true},
		"a pod that says a Role made it":           {owned("rbac.authorization.k8s.io/v1", "Role"), true},
		"a pod that says a Deployment made it":     {owned("apps/v1", "Deployment"), true},
		"a pod that says a Namespace made it":      {owned("v1", "Namespace"), true},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: test.meta, Spec: corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{Name: "app"}}}}
			w, _ := workload.Of(pod)
			if got := workload.Trimmed(w); got == test.keeps {
				t.Errorf("trimmed: %t", got)
			}
			if workload.Trim(pod); pod.Spec.HostPID != test.keeps {
				t.Errorf("kept: %t", pod.Spec.HostPID)
			}
		})
	}
}

func TestWhatRunsNoPods(t *testing.T) {
	none := int32(0)
	job := func(kind batchv1.JobConditionType, status corev1.ConditionStatus) *batchv1.Job {
		return &batchv1.Job{Status: batchv1.JobStatus{Active: 1, Conditions: []batchv1.JobCondition{{Type: "Other", Status: "True"}, {Type: kind, Status: status}}}}
	}
	for name, test := range map[string]struct {
		obj  runtime.Object
		want bool
	}{
		"a Job that is done":            {job(batchv1.JobComplete, corev1.ConditionTrue), true},
		"a Job that has failed":         {job(batchv1.JobFailed, corev1.ConditionTrue), true},
		"not a Job that has not yet":    {job(batchv1.JobFailed, corev1.ConditionFalse), false},
		"not a Job that is suspended":   {job(batchv1.JobSuspended, corev1.ConditionTrue), false},
		"a pod that is done":            {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}, true},
		"not a pod that waits":          {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending}}, false},
		"a ReplicaSet without replicas": {&appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Replicas: &none}}, true},
		"not a Deployment without":      {&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &none}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, state := range []string{"whole", "trimmed"} {
				w, _ := workload.Of(test.obj)
				if got := w.AtRest(); got != test.want {
					t.Errorf("%s: got %t", state, got)
				}
				workload.Trim(test.obj)
			}
			if job, is := test.obj.(*batchv1.Job); is && (job.Status.Active != 0 || len(job.Status.Conditions) > 1) {
				t.Errorf("more of the status is kept: %v", job.Status)
			}
		})
	}
}
