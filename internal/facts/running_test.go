package facts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/workload"
)

// apiServer counts what is read of it.
type apiServer struct {
	client.Reader
	reads   int
	refuses error
}

func (s *apiServer) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	s.reads++
	if s.refuses != nil {
		return s.refuses
	}
	return s.Reader.Get(ctx, key, into, options...)
}

// world is a cache that holds trimmed objects, and an API server that holds them whole.
func world(objects ...client.Object) (*facts.Cluster, *apiServer) {
	var trimmed []client.Object
	for _, obj := range objects {
		held := obj.DeepCopyObject().(client.Object)
		workload.Trim(held)
		trimmed = append(trimmed, held)
	}
	live := &apiServer{Reader: facts.NewMemory(objects)}
	return &facts.Cluster{
		Cache: facts.NewMemory(trimmed), Live: live, Readable: func(schema.GroupKind) bool { return true },
		Needs: func(need engine.Need) bool { return need == engine.NeedRunningPods },
	}, live
}

func ownedBy(apiVersion, kind, name, uid string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID(uid), Controller: &yes}}
}

func app(image string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}}
}

func api(image string) *appsv1.Deployment {
	d := deployment(app(image))
	d.UID = "d"
	return d
}

func replicas(name, image string, owner []metav1.OwnerReference) *appsv1.ReplicaSet {
	rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), OwnerReferences: owner}}
	rs.Spec.Template.Spec = app(image)
	return rs
}

func podOf(name, image, rs string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), OwnerReferences: ownedBy("apps/v1", "ReplicaSet", rs, rs)}}
	pod.Spec = app(image)
	pod.Spec.Volumes = []corev1.Volume{{Name: "kube-api-access-" + name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}}
	return pod
}

var apiDeployment = workload.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "api"}

// runningIn returns the running pods that differ from the template of a target, as "template: count image first".
func runningIn(t *testing.T, c *facts.Cluster, ref workload.Ref) []string {
	t.Helper()
	target, state, err := c.Target(t.Context(), ref)
	if err != nil || state != facts.Found {
		t.Fatalf("state = %v, err = %v", state, err)
	}
	var lines []string
	for _, r := range target.Object.Running.Pods {
		lines = append(lines, fmt.Sprintf("%s: %d %s %s", r.Of.Name, r.Count, r.Pod.Pod.Containers[0].Image, r.Name))
	}
	if (len(lines) == 0) != (target.Object.Running.Picture == "") {
		t.Errorf("picture %q of %v", target.Object.Running.Picture, lines)
	}
	return lines
}

func TestRunningPodsThatDifferAreReadOnceForAll(t *testing.T) {
	d := ownedBy("apps/v1", "Deployment", "api", "d")
	c, live := world(api("app:2"), replicas("api-2", "app:2", d), replicas("api-1", "app:1", d), replicas("other", "app:1", ownedBy("apps/v1", "Deployment", "api", "another")),
		podOf("p1", "app:2", "api-2"), podOf("p2", "app:2", "api-2"), podOf("p4", "app:1", "api-1"), podOf("p3", "app:1", "api-1"), podOf("p5", "app:1", "other"))
	for range 2 {
		if diff := cmp.Diff([]string{"api: 2 app:1 p3"}, runningIn(t, c, apiDeployment)); diff != "" {
			t.Error(diff)
		}
	}
	if live.reads != 1 {
		t.Errorf("%d pods were read, want 1", live.reads)
	}
	c.Needs = func(engine.Need) bool { return false }
	if found := runningIn(t, c, apiDeployment); found != nil {
		t.Errorf("nobody asked, but %v", found)
	}
}

func TestPodsOfACustomControllerAreFoundBelowItsRevisions(t *testing.T) {
	none := int32(0)
	rollout := ownedBy("argoproj.io/v1alpha1", "Rollout", "web", "r")
	idle := replicas("web-1", "app:1", rollout)
	idle.Spec.Replicas = &none
	c, _ := world(replicas("web-2", "app:2", rollout), idle, podOf("p1", "app:2", "web-2"), podOf("p2", "proxy:1", "web-2"), podOf("p3", "app:1", "web-1"))
	want := []string{": 1 app:1 p3", "web-2: 1 proxy:1 p2"}
	if diff := cmp.Diff(want, runningIn(t, c, workload.Ref{Group: "argoproj.io", Kind: "Rollout", Namespace: "shop", Name: "web"})); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotKnownOfRunningPodsIsTold(t *testing.T) {
	d := ownedBy("apps/v1", "Deployment", "api", "d")
	many := []client.Object{api("app:2"), replicas("api-2", "app:2", d)}
	for i := range 12 {
		many = append(many, podOf(fmt.Sprintf("p%02d", i), fmt.Sprintf("app:x%d", i), "api-2"))
	}
	for name, test := range map[string]struct {
		change              func(*facts.Cluster, *apiServer)
		pods                int
		unreadable, partial string
	}{
		"more sorts than are looked at": {pods: 8, partial: "they differ from what their templates say in 12 ways, of which 4 are not looked at"},
		"pods may not be listed": {
			change: func(c *facts.Cluster, _ *apiServer) {
				c.Readable = func(gk schema.GroupKind) bool { return gk.Kind != "Pod" }
			},
			unreadable: " pods",
		},
		"what makes them may not be listed": {
			change: func(c *facts.Cluster, _ *apiServer) {
				c.Readable = func(gk schema.GroupKind) bool { return gk.Kind != "ReplicaSet" }
			},
			unreadable: " replicasets",
		},
		"pods may not be read": {
			change: func(_ *facts.Cluster, live *apiServer) {
				live.refuses = apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", nil)
			},
			unreadable: "the operator may not get pods", partial: "they differ from what their templates say in 12 ways, of which 4 are not looked at",
		},
		"they are all gone by now": {
			change:  func(_ *facts.Cluster, live *apiServer) { live.Reader = facts.NewMemory(nil) },
			partial: "they differ from what their templates say in 12 ways, of which 4 are not looked at",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, live := world(many...)
			if test.change != nil {
				test.change(c, live)
			}
			target, _, err := c.Target(t.Context(), apiDeployment)
			if err != nil {
				t.Fatal(err)
			}
			r := target.Object.Running
			if len(r.Pods) != test.pods || !strings.HasSuffix(r.Unreadable, test.unreadable) || (r.Unreadable == "") != (test.unreadable == "") || r.Partial != test.partial {
				t.Errorf("%d pods, unreadable %q, partial %q", len(r.Pods), r.Unreadable, r.Partial)
			}
		})
	}
}

func TestThePictureChangesWithPodsAndTemplates(t *testing.T) {
	d := ownedBy("apps/v1", "Deployment", "api", "d")
	pictures := map[string]string{}
	for name, objects := range map[string][]client.Object{
		"all as they should be": {api("app:2"), podOf("p1", "app:2", "api-2")},
		"one differs":           {api("app:2"), podOf("p1", "app:1", "api-2")},
		"two of them":           {api("app:2"), podOf("p1", "app:1", "api-2"), podOf("p2", "app:1", "api-2")},
		"another template":      {api("app:3"), podOf("p1", "app:1", "api-2")},
		"another pod":           {api("app:2"), podOf("p1", "app:0", "api-2")},
	} {
		c, _ := world(append(objects, replicas("api-2", "app:2", d))...)
		target, _, err := c.Target(t.Context(), apiDeployment)
		if err != nil {
			t.Fatal(err)
		}
		pictures[name] = target.Object.Running.Picture
	}
	if pictures["all as they should be"] != "" || pictures["one differs"] != pictures["two of them"] {
		t.Errorf("%v", pictures)
	}
	different := map[string]bool{}
	for _, picture := range pictures {
		different[picture] = true
	}
	if len(different) != 4 {
		t.Errorf("%v", pictures)
	}
}

func TestTheTopControllerOfAPod(t *testing.T) {
	d := ownedBy("apps/v1", "Deployment", "api", "d")
	c, _ := world(api("app:2"), replicas("api-2", "app:2", d), replicas("bare", "app:2", nil),
		replicas("web-1", "app:2", ownedBy("argoproj.io/v1alpha1", "Rollout", "web", "r")), replicas("orphan", "app:2", ownedBy("apps/v1", "Deployment", "api", "gone")))
	for name, test := range map[string]struct {
		rs, uid string
		want    string
	}{
		"of a Deployment":                    {"api-2", "api-2", "Deployment shop/api"},
		"of a ReplicaSet":                    {"bare", "bare", "ReplicaSet shop/bare"},
		"of a custom controller":             {"web-1", "web-1", "Rollout shop/web"},
		"of one whose controller is gone":    {"orphan", "orphan", "ReplicaSet shop/orphan"},
		"of one that is not there":           {"nobody", "nobody", ""},
		"of an earlier one of the same name": {"bare", "another", ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podOf("p", "app:2", test.rs)
			pod.OwnerReferences[0].UID = types.UID(test.uid)
			w, _ := workload.Of(pod)
			top, is, err := c.Top(t.Context(), w)
			if got := top.String(); err != nil || is != (test.want != "") || (is && got != test.want) {
				t.Errorf("%s, %v, %v", got, is, err)
			}
		})
	}
}
