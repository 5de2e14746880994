package workload_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/internal/workload"
)

func withTemplate(pod corev1.PodSpec) *appsv1.Deployment {
	return &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: pod}}}
}

func bare(uid types.UID, annotations map[string]string, pod corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: uid, Annotations: annotations}, Spec: pod}
}

func TestServiceAccountsAndTheirTokens(t *testing.T) {
	yes, no := true, false
	token := []corev1.Volume{{Name: "data"}, {Name: "kube-api-access-x7k2p"}}
	mirror := map[string]string{corev1.MirrorPodAnnotationKey: ""}
	for name, test := range map[string]struct {
		obj             runtime.Object
		account         string
		mounts, decided bool
	}{
		"a template leaves it to its ServiceAccount":     {obj: withTemplate(corev1.PodSpec{ServiceAccountName: "api"}), account: "api"},
		"without a name that is default":                 {obj: withTemplate(corev1.PodSpec{}), account: "default"},
		"the old name of the field counts too":           {obj: withTemplate(corev1.PodSpec{DeprecatedServiceAccount: "api"}), account: "api"},
		"but the new one counts before it":               {obj: withTemplate(corev1.PodSpec{DeprecatedServiceAccount: "old", ServiceAccountName: "api"}), account: "api"},
		"a template may say yes":                         {obj: withTemplate(corev1.PodSpec{AutomountServiceAccountToken: &yes}), account: "default", mounts: true, decided: true},
		"a template may say no":                          {obj: withTemplate(corev1.PodSpec{AutomountServiceAccountToken: &no}), account: "default", decided: true},
		"volumes of a template say nothing":              {obj: withTemplate(corev1.PodSpec{Volumes: token}), account: "default"},
		"a pod that is yet to be created is a template":  {obj: bare("", nil, corev1.PodSpec{}), account: "default"},
		"a pod that was created has a token":             {obj: bare("1", nil, corev1.PodSpec{Volumes: token}), account: "default", mounts: true, decided: true},
		"or it has none":                                 {obj: bare("1", nil, corev1.PodSpec{}), account: "default", decided: true},
		"what it says counts before that":                {obj: bare("1", nil, corev1.PodSpec{AutomountServiceAccountToken: &no, Volumes: token}), account: "default", decided: true},
		"a static pod runs as none":                      {obj: bare("1", mirror, corev1.PodSpec{AutomountServiceAccountToken: &yes}), decided: true},
		"the annotation makes no other kind's pods such": {obj: &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: mirror}, Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Annotations: mirror}}}}, account: "default"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, how := range []string{"whole", "trimmed"} {
				w, _ := workload.Of(test.obj)
				mounts, decided := w.MountsToken()
				if w.ServiceAccount() != test.account || mounts != test.mounts || decided != test.decided {
					t.Errorf("%s: %q, %v, %v; want %q, %v, %v", how, w.ServiceAccount(), mounts, decided, test.account, test.mounts, test.decided)
				}
				workload.Trim(test.obj)
			}
		})
	}
}

func TestTrimKeepsTheNamesOfImages(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1.0"}},
		Volumes: []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{
			Image: &corev1.ImageVolumeSource{Reference: "registry.example.com/model:1.0", PullPolicy: corev1.PullAlways},
		}}, {Name: "data"}},
	}}
	workload.Trim(pod)
	if pod.Spec.Containers[0].Image != "registry.example.com/app:1.0" {
		t.Errorf("image = %q", pod.Spec.Containers[0].Image)
	}
	if got := pod.Spec.Volumes[0].Image; got == nil || got.Reference != "registry.example.com/model:1.0" || got.PullPolicy != "" {
		t.Errorf("image of the volume = %+v", got)
	}
	if pod.Spec.Volumes[1].Image != nil {
		t.Error("another volume has become one of an image")
	}
}
