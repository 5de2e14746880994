package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

func TestOfAServiceAccountOnlyWhatIsJudgedIsKept(t *testing.T) {
	no := false
	want := &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "api", UID: "1", ResourceVersion: "7", Labels: map[string]string{"team": "shop"},
		},
		AutomountServiceAccountToken: &no,
	}
	whole := want.DeepCopy()
	whole.Annotations = map[string]string{"note": "long"}
	whole.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "helm"}}
	whole.Secrets = []corev1.ObjectReference{{Name: "api-token"}}
	whole.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
	for range 2 { // client-go may hand an object in twice
		trimmed, err := trimServiceAccount(whole)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, trimmed); diff != "" {
			t.Error(diff)
		}
		whole, _ = trimmed.(*corev1.ServiceAccount)
	}
}

func TestWhoAServiceAccountDecidesFor(t *testing.T) {
	yes := true
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{ServiceAccountName: "api"}}
	decides := *template.DeepCopy()
	decides.Spec.AutomountServiceAccountToken = &yes
	owned := func(kind string) metav1.ObjectMeta {
		return metav1.ObjectMeta{UID: "1", OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: "api", Controller: &yes}}}
	}
	for name, test := range map[string]struct {
		obj  runtime.Object
		want bool
	}{
		"one that runs as it":                                         {&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: template}}, true},
		"not one that runs as another":                                {&appsv1.Deployment{}, false},
		"not one that decides by itself":                              {&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: decides}}, false},
		"not a pod that was created":                                  {&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "1"}, Spec: template.Spec}, false},
		"one of which the cache knows too little":                     {&appsv1.ReplicaSet{ObjectMeta: owned("Deployment")}, true},
		"not a pod of which it knows too little":                      {&corev1.Pod{ObjectMeta: owned("ReplicaSet")}, false},
		"one that a controller made whose kind is not watched either": {&appsv1.ReplicaSet{ObjectMeta: owned("Rollout"), Spec: appsv1.ReplicaSetSpec{Template: template}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			workload.Trim(test.obj)
			w, _ := workload.Of(test.obj)
			if got := mayRunAs(w, "api"); got != test.want {
				t.Errorf("mayRunAs = %v, want %v", got, test.want)
			}
		})
	}
}
