package workload

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// DefaultServiceAccount is what pods run as that name no ServiceAccount.
const DefaultServiceAccount = "default"

// tokenVolume begins the name of the volume by which the API server mounts the token of a ServiceAccount into a pod.
const tokenVolume = "kube-api-access-"

// ServiceAccount returns the name of the ServiceAccount that the pods run as; empty for a static pod, which runs as none.
func (w Workload) ServiceAccount() string {
	if w.static() {
		return ""
	}
	return cmp.Or(serviceAccountName(w.Pod), DefaultServiceAccount)
}

// serviceAccountName reads both names of the field, as the API server does: the new one counts where both are set.
func serviceAccountName(pod *corev1.PodSpec) string {
	return cmp.Or(pod.ServiceAccountName, pod.DeprecatedServiceAccount)
}

// MountsToken says whether the pods have the token of their ServiceAccount mounted without asking for it. decided is
// false where the ServiceAccount is asked when a pod is created: then nothing is said.
//
// For a pod that the API server knows, that is over: what it decided stands in the volumes, whatever has become of the
// ServiceAccount since.
//
// Source: the admission plugin ServiceAccount of Kubernetes.
func (w Workload) MountsToken() (mounts, decided bool) {
	switch {
	case w.static():
		return false, true
	case w.Pod.AutomountServiceAccountToken != nil:
		return *w.Pod.AutomountServiceAccountToken, true
	case w.Kind == "Pod" && w.Meta.UID != "":
		return w.hasTokenVolume(), true
	}
	return false, false
}

func (w Workload) hasTokenVolume() bool {
	for i := range w.Pod.Volumes {
		if strings.HasPrefix(w.Pod.Volumes[i].Name, tokenVolume) {
			return true
		}
	}
	return false
}

// rootCertificates are the ConfigMaps of certificates that are published into every namespace, and put beside the token: by
// Kubernetes, and by OpenShift.
var rootCertificates = []string{"kube-root-ca.crt", "openshift-service-ca.crt"}

// IsTokenVolume says whether a volume of a pod holds nothing but what the API server puts into the one by which it mounts the
// token of the ServiceAccount, and is called like it. Of a pod that refuses the token there is none, whatever is called so.
func IsTokenVolume(pod *corev1.PodSpec, volume *corev1.Volume) bool {
	if mounts := pod.AutomountServiceAccountToken; mounts != nil && !*mounts {
		return false
	}
	if volume.Projected == nil || !strings.HasPrefix(volume.Name, tokenVolume) {
		return false
	}
	return !slices.ContainsFunc(volume.Projected.Sources, func(s corev1.VolumeProjection) bool {
		return s.Secret != nil || s.ClusterTrustBundle != nil || s.PodCertificate != nil ||
			s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience != "" ||
			s.ConfigMap != nil && !slices.Contains(rootCertificates, s.ConfigMap.Name)
	})
}

// static says whether the object mirrors a static pod: it is shown by the API server, and run by a kubelet from a file.
// The annotation cannot be added later, and a pod that is created with it is run by nobody.
func (w Workload) static() bool {
	_, mirrors := w.PodMeta.Annotations[corev1.MirrorPodAnnotationKey]
	return mirrors && w.Kind == "Pod"
}
