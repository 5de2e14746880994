package workload_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/workload"
)

func TestOfWhatVolumesHoldOnlyTheNamesAreKept(t *testing.T) {
	mode, yes := int32(0o400), true
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "api"}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{
		{Name: "a", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
			SecretName: "db", Items: []corev1.KeyToPath{{Key: "ca", Path: "long/path", Mode: &mode}}, DefaultMode: &mode, Optional: &yes,
		}}},
		{Name: "b", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{DefaultMode: &mode, Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "vault", Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: "c"}, Items: []corev1.KeyToPath{{Key: "x", Path: "y"}},
			}},
		}}}},
		{Name: "c", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}},
		{Name: "d", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: "/p", ReadOnly: true}}},
	}}}
	want := []corev1.Volume{
		{Name: "a", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "db", Items: []corev1.KeyToPath{{Key: "ca"}}}}},
		{Name: "b", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "vault"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "c"}}},
		}}}},
		{Name: "c", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: "d", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: "/p"}}},
	}
	for range 2 { // client-go may hand an object in twice
		workload.Trim(pod)
		if diff := cmp.Diff(want, pod.Spec.Volumes); diff != "" {
			t.Error(diff)
		}
	}
}

// A type of volume that is new to the API stands in none of the lists, and nobody has thought of what it holds.
func TestOfEveryTypeOfVolumeItIsKnownWhatNamesWhatItHolds(t *testing.T) {
	otherwise := []string{"downwardAPI", "emptyDir", "ephemeral", "hostPath", "image", "projected"}
	for _, name := range workload.AllVolumeTypes() {
		fields := workload.HeldBy(name)
		if (len(fields) > 0) == slices.Contains(otherwise, name) {
			t.Errorf("%s is named by %q", name, fields)
		}
	}
	if fields := workload.HeldBy("iscsi"); fmt.Sprint(fields) != "[targetPortal iqn lun portals secretRef]" {
		t.Errorf("got %q", fields)
	}
}
