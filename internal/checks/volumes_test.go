package checks

import (
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

func TestMorePathsThanCanBeJudgedDoNotPass(t *testing.T) {
	pod := &corev1.Pod{}
	for i := range maxHostPaths + 1 {
		volume := corev1.Volume{Name: "v" + strconv.Itoa(i)}
		volume.HostPath = &corev1.HostPathVolumeSource{Path: "/var/log"}
		pod.Spec.Volumes = append(pod.Spec.Volumes, volume)
	}
	declared := &v1alpha1.SecurityBaselineSpec{}
	declared.Workloads.Volumes.AllowedHostPaths = []v1alpha1.HostPath{{PathPrefix: "/var/log", ReadOnly: true}}
	for volumes, want := range map[int]int{maxHostPaths: 0, maxHostPaths + 1: 1} {
		judged := pod.DeepCopy()
		judged.Spec.Volumes = judged.Spec.Volumes[:volumes]
		w, _ := workload.Of(judged)
		if findings := runHostPath(&engine.Input{Workload: w, Baseline: "production", Declared: declared}); len(findings) != want {
			t.Errorf("%d volumes: %d findings, want %d", volumes, len(findings), want)
		}
	}
}
