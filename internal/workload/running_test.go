package workload_test

import (
	"fmt"
	goruntime "runtime"

	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/internal/workload"
)

// made returns a StatefulSet and the pod that it makes, as the API server has it.
func made() (*appsv1.StatefulSet, *corev1.Pod) {
	yes := true
	limits := corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi"), corev1.ResourceCPU: resource.MustParse("1")}
	template := corev1.PodSpec{
		HostNetwork: true,
		Containers: []corev1.Container{{
			Name: "app", Image: "registry.example.com/db:1.0", Ports: []corev1.ContainerPort{{ContainerPort: 5432}},
			Resources: corev1.ResourceRequirements{Limits: limits, Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}},
		}},
		Volumes: []corev1.Volume{
			{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}, // its claim takes its place
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
		},
	}
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db", UID: "1"}}
	set.Spec.Template.Spec = *template.DeepCopy()
	set.Spec.Template.Annotations = map[string]string{"note": "long", workload.SeccompPodAnnotation: "runtime/default"}
	set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}}}

	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "db-0", UID: "2", Labels: map[string]string{appsv1.PodIndexLabel: "0"},
			Annotations:     map[string]string{workload.SeccompPodAnnotation: "runtime/default", "mesh": "seen"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db", UID: "1", Controller: &yes}},
		},
		Spec: *template.DeepCopy(),
	}
	pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount, pod.Spec.NodeName = "default", "default", "node-1"
	pod.Spec.SecurityContext = &corev1.PodSecurityContext{}
	pod.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = limits[corev1.ResourceMemory]
	pod.Spec.Containers[0].Ports[0].HostPort = 5432
	pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "kube-api-access-x2x9z", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}}
	pod.Spec.Volumes = []corev1.Volume{
		{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-db-0"}}},
		pod.Spec.Volumes[1],
		{Name: "kube-api-access-x2x9z", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
	}
	return set, pod
}

func TestWhatTheAPIServerAddsIsNoDifferenceAndAllElseIs(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*corev1.Pod)
		same   bool
	}{
		"as it was made":      {func(*corev1.Pod) {}, true},
		"on another node":     {func(p *corev1.Pod) { p.Spec.NodeName = "node-2" }, true},
		"another command":     {func(p *corev1.Pod) { p.Spec.Containers[0].Command = []string{"sh"} }, true},
		"ephemeral container": {func(p *corev1.Pod) { p.Spec.EphemeralContainers = make([]corev1.EphemeralContainer, 1) }, true},
		"another ConfigMap": {func(p *corev1.Pod) {
			p.Spec.Volumes[1].ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "other"}}
		}, true},
		"another image":     {func(p *corev1.Pod) { p.Spec.Containers[0].Image = "registry.example.com/db:1.1" }, false},
		"another container": {func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy"}) }, false},
		"the host's IPC":    {func(p *corev1.Pod) { p.Spec.HostIPC = true }, false},
		"another account":   {func(p *corev1.Pod) { p.Spec.ServiceAccountName = "admin" }, false},
		"another request": {func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse("1Mi")
		}, false},
		"another port": {func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].HostPort = 22 }, false},
		"no token":     {func(p *corev1.Pod) { p.Spec.Volumes = p.Spec.Volumes[:2] }, false},
		"two tokens":   {func(p *corev1.Pod) { p.Spec.Volumes = append(p.Spec.Volumes, p.Spec.Volumes[2]) }, false},
		"another volume": {func(p *corev1.Pod) {
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "etc", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc"}}})
		}, false},
		"a volume that is called like a token": {func(p *corev1.Pod) {
			p.Spec.Volumes[2].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		}, false},
		"another annotation that is judged": {func(p *corev1.Pod) { p.Annotations[workload.SeccompPodAnnotation] = "unconfined" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			set, pod := made()
			test.change(pod)
			before, whole := pod.DeepCopy(), workloadOf(t, pod).Digest()
			template := workloadOf(t, set).MadeDigest(true)
			if whole == "" || (whole == template) != test.same {
				t.Errorf("pod %s, template %s", whole, template)
			}
			if diff := cmp.Diff(before, pod); diff != "" {
				t.Errorf("the pod was changed: %s", diff)
			}
			workload.Trim(set)
			workload.Trim(pod)
			if got := workloadOf(t, set).MadeDigest(true); got != template {
				t.Errorf("the trimmed template has %s, the whole one %s", got, template)
			}
			for range 2 { // client-go may hand an object in twice
				if got := workloadOf(t, pod).Digest(); got != whole {
					t.Errorf("the trimmed pod has %s, the whole one %s", got, whole)
				}
				workload.Trim(pod)
			}
		})
	}
}

// Who may write pods may write any field of them.
func TestNobodyWritesADigestIntoHisPod(t *testing.T) {
	set, pod := made()
	template := workloadOf(t, set).MadeDigest(true)
	pod.Spec.HostPID, pod.Spec.SchedulerName = true, template
	workload.Trim(pod)
	if workloadOf(t, pod).Digest() == template {
		t.Error("the pod passes for one that its template made")
	}
}

func TestPodsThatHaveFinishedOrGoDoNotRun(t *testing.T) {
	now := metav1.NewTime(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
	for name, test := range map[string]struct {
		change func(*corev1.Pod)
		runs   bool
	}{
		"it is about to":   {func(*corev1.Pod) {}, true},
		"it does":          {func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }, true},
		"nobody knows":     {func(p *corev1.Pod) { p.Status.Phase = corev1.PodUnknown }, true},
		"it has succeeded": {func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }, false},
		"it has failed":    {func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, false},
		"it is deleted":    {func(p *corev1.Pod) { p.DeletionTimestamp = &now }, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, pod := made()
			test.change(pod)
			for range 2 {
				if got := workloadOf(t, pod).Running(); got != test.runs {
					t.Errorf("Running = %v, want %v", got, test.runs)
				}
				workload.Trim(pod)
			}
		})
	}
	if set, _ := made(); workloadOf(t, set).Running() {
		t.Error("a StatefulSet is no pod")
	}
}

func workloadOf(t testing.TB, obj runtime.Object) workload.Workload {
	t.Helper()
	w, is := workload.Of(obj)
	if !is {
		t.Fatalf("%T is no workload", obj)
	}
	return w
}

// BenchmarkTrimmedPods shows what pods cost of which the cache keeps a digest: the time to trim one, and the bytes that stay.
func BenchmarkTrimmedPods(b *testing.B) {
	const pods = 1000
	for b.Loop() {
		b.StopTimer()
		before, kept := heapInUse(), make([]*corev1.Pod, pods)
		for i := range kept {
			_, kept[i] = made()
			kept[i].UID = types.UID(fmt.Sprintf("11111111-2222-3333-4444-%012d", i))
		}
		b.StartTimer()
		for i := range kept {
			workload.Trim(kept[i])
		}
		b.StopTimer()
		b.ReportMetric(float64(heapInUse()-before)/pods, "B/pod")
		b.ReportMetric(float64(len(kept[0].Spec.SchedulerName)), "digest-B/pod")
		goruntime.KeepAlive(kept)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(pods*b.N), "ns/pod")
}

func heapInUse() uint64 {
	var stats goruntime.MemStats
	goruntime.GC()
	goruntime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
