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

func TestEveryKindIsAWorkload(t *testing.T) {
	for _, kind := range workload.Kinds() {
		t.Run(kind.Kind, func(t *testing.T) {
			w, ok := workload.Of(kind.New())
			if !ok || w.GroupKind() != kind.GroupKind() || w.APIVersion != kind.GroupVersion().String() {
				t.Errorf("Of = %+v, %v", w.Ref, ok)
			}
			if w.Pod == nil || w.PodMeta == nil || w.PodPath == "" {
				t.Error("a workload without pods")
			}
		})
	}
}

func TestOtherKindsAreNone(t *testing.T) {
	if _, ok := workload.Of(&corev1.Service{}); ok {
		t.Error("a Service is no workload")
	}
}

func TestAReplicationControllerWithoutTemplateHasNoContainers(t *testing.T) {
	w, ok := workload.Of(&corev1.ReplicationController{})
	if !ok {
		t.Fatal("not a workload")
	}
	for c := range w.Containers() {
		t.Errorf("found container %s", c.Name)
	}
}

func TestContainersOfAllSorts(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers:      []corev1.Container{{Name: "setup"}},
		Containers:          []corev1.Container{{Name: "app"}, {Name: "sidecar"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}},
	}}
	w, _ := workload.Of(pod)
	var paths []string
	for c := range w.Containers() {
		paths = append(paths, c.Path("securityContext"))
	}
	want := []string{
		"spec.initContainers[setup].securityContext", "spec.containers[app].securityContext",
		"spec.containers[sidecar].securityContext", "spec.ephemeralContainers[debug].securityContext",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
}

func TestAnnotationsOfPodsStandBesideTheirSpec(t *testing.T) {
	for want, obj := range map[string]runtime.Object{
		"metadata.annotations[a.b/c]":                                &corev1.Pod{},
		"spec.template.metadata.annotations[a.b/c]":                  &appsv1.Deployment{},
		"spec.jobTemplate.spec.template.metadata.annotations[a.b/c]": &batchv1.CronJob{},
	} {
		w, _ := workload.Of(obj)
		if got := w.AnnotationPath("a.b/c"); got != want {
			t.Errorf("path = %s, want %s", got, want)
		}
	}
}

func TestOwner(t *testing.T) {
	yes, no := true, false
	for name, test := range map[string]struct {
		owners []metav1.OwnerReference
		want   string
	}{
		"nobody owns a bare pod":                  {},
		"a controller owns":                       {[]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "rs", Controller: &yes}}, "rs"},
		"an owner that is no controller does not": {[]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "cm", Controller: &no}}, ""},
		"a Node does not own its static pods":     {[]metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "n1", Controller: &yes}}, ""},
		"a kind that cannot be does not own":      {[]metav1.OwnerReference{{APIVersion: "v1", Kind: "no such/kind", Name: "x", Controller: &yes}}, ""},
		"a name that cannot be does not own":      {[]metav1.OwnerReference{{APIVersion: "v1", Kind: "Kind", Name: "No Name", Controller: &yes}}, ""},
		"another group's Node does":               {[]metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Node", Name: "n1", Controller: &yes}}, "n1"},
	} {
		t.Run(name, func(t *testing.T) {
			owner, owned := workload.Owner(&metav1.ObjectMeta{OwnerReferences: test.owners})
			if owner.Name != test.want || owned != (test.want != "") {
				t.Errorf("Owner = %q, %v; want %q", owner.Name, owned, test.want)
			}
		})
	}
}

func TestPathsUnderAnOwnerTellStableObjectsApart(t *testing.T) {
	deployment, _ := workload.Of(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "worker"}})
	if got, want := deployment.Under().Path("hostPID"), "deployments[worker].spec.template.spec.hostPID"; got != want {
		t.Errorf("path = %s, want %s", got, want)
	}
	revision, _ := workload.Of(&appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "worker-5d4f"}})
	if got, want := revision.Under().Path("hostPID"), "spec.template.spec.hostPID"; got != want {
		t.Errorf("path = %s, want %s: revisions come and go", got, want)
	}
}

func TestAPodWithEphemeralContainersIsJudgedByTheseBesideItsController(t *testing.T) {
	yes := true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "x", Controller: &yes}}},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes}, Containers: []corev1.Container{{Name: "app"}},
			EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}},
		},
	}
	workload.Trim(pod)
	w, _ := workload.Of(pod)
	debugged, is := w.Debugged()
	if !is || !debugged.EphemeralOnly || debugged.Security().RunAsNonRoot == nil {
		t.Fatalf("%v, %+v", is, debugged)
	}
	var names []string
	for c := range debugged.Containers() {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"debug"}, names); diff != "" {
		t.Error(diff)
	}
	if len(pod.Spec.Containers) != 1 {
		t.Error("the pod itself was changed")
	}
	pod.Spec.EphemeralContainers = nil
	if _, is := w.Debugged(); is {
		t.Error("a pod without ephemeral containers")
	}
}

func TestTrimDropsThePodsOfAWatchedController(t *testing.T) {
	yes := true
	for owner, keeps := range map[string]bool{"ReplicaSet": false, "Rollout": true} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: owner, Name: "x", Controller: &yes}}},
			Spec:       corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{Name: "app", Command: []string{"secret"}}}},
		}
		workload.Trim(pod)
		if pod.Spec.HostPID != keeps {
			t.Errorf("pod of a %s: spec kept = %v, want %v", owner, pod.Spec.HostPID, keeps)
		}
		for _, c := range pod.Spec.Containers {
			if c.Command != nil {
				t.Error("commands are not judged and must not be kept")
			}
		}
	}
}
