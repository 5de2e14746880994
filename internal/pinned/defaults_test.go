package pinned_test

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"plumbline.dev/plumbline/internal/workload"
)

// setDefaults fills in what an API server does, as far as it is compared. What a real one does is tested in test/pinned.
//
// Source: pkg/apis/*/v1/defaults.go of Kubernetes.
func setDefaults(obj runtime.Object) {
	switch o := obj.(type) {
	case *corev1.Namespace:
		o.Labels[corev1.LabelMetadataName] = o.Name
	case *networkingv1.NetworkPolicy:
		defaultPolicy(&o.Spec)
	case *rbacv1.RoleBinding:
		o.RoleRef.APIGroup = orDefault(o.RoleRef.APIGroup, rbacv1.GroupName)
	case *rbacv1.ClusterRoleBinding:
		o.RoleRef.APIGroup = orDefault(o.RoleRef.APIGroup, rbacv1.GroupName)
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			w := &o.Webhooks[i]
			w.FailurePolicy, w.MatchPolicy = orSet(w.FailurePolicy, admissionv1.Fail), orSet(w.MatchPolicy, admissionv1.Equivalent)
			w.NamespaceSelector, w.ObjectSelector = orSet(w.NamespaceSelector, metav1.LabelSelector{}), orSet(w.ObjectSelector, metav1.LabelSelector{})
			w.TimeoutSeconds = orSet(w.TimeoutSeconds, 10)
			for j := range w.Rules {
				w.Rules[j].Scope = orSet(w.Rules[j].Scope, admissionv1.AllScopes)
			}
		}
	case *admissionv1.ValidatingAdmissionPolicy:
		o.Spec.FailurePolicy = orSet(o.Spec.FailurePolicy, admissionv1.Fail)
		defaultResources(o.Spec.MatchConstraints)
	case *admissionv1.ValidatingAdmissionPolicyBinding:
		defaultResources(o.Spec.MatchResources)
	}
	if w, ok := workload.Of(obj); ok {
		defaultPod(w.Pod, w.Kind == "Pod")
	}
}

func defaultResources(m *admissionv1.MatchResources) {
	if m == nil {
		return
	}
	m.MatchPolicy = orSet(m.MatchPolicy, admissionv1.Equivalent)
	m.NamespaceSelector, m.ObjectSelector = orSet(m.NamespaceSelector, metav1.LabelSelector{}), orSet(m.ObjectSelector, metav1.LabelSelector{})
	for i := range m.ResourceRules {
		m.ResourceRules[i].Scope = orSet(m.ResourceRules[i].Scope, admissionv1.AllScopes)
	}
}

func defaultPolicy(spec *networkingv1.NetworkPolicySpec) {
	if len(spec.PolicyTypes) == 0 {
		spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(spec.Egress) > 0 {
			spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	for i := range spec.Ingress {
		for j := range spec.Ingress[i].Ports {
			spec.Ingress[i].Ports[j].Protocol = orSet(spec.Ingress[i].Ports[j].Protocol, corev1.ProtocolTCP)
		}
	}
}

func defaultPod(spec *corev1.PodSpec, isPod bool) {
	spec.SecurityContext = orSet(spec.SecurityContext, corev1.PodSecurityContext{})
	spec.ServiceAccountName = orDefault(orDefault(spec.ServiceAccountName, spec.DeprecatedServiceAccount), "")
	spec.DeprecatedServiceAccount = spec.ServiceAccountName
	for i := range spec.Volumes {
		if spec.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
		if disk := spec.Volumes[i].RBD; disk != nil {
			disk.RBDPool, disk.RadosUser = orDefault(disk.RBDPool, "rbd"), orDefault(disk.RadosUser, "admin")
			disk.Keyring = orDefault(disk.Keyring, "/etc/ceph/keyring")
		}
		if path := spec.Volumes[i].HostPath; path != nil {
			path.Type = orSet(path.Type, corev1.HostPathUnset)
		}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			defaultContainer(&list[i], spec.HostNetwork, isPod)
		}
	}
	if isPod {
		spec.ServiceAccountName = orDefault(spec.ServiceAccountName, workload.DefaultServiceAccount)
		if mounts := spec.AutomountServiceAccountToken; mounts == nil || *mounts {
			spec.Volumes = append(spec.Volumes, tokenVolume())
		}
	}
}

// tokenVolume is what the admission plugin ServiceAccount adds to a pod.
func tokenVolume() corev1.Volume {
	return corev1.Volume{Name: "kube-api-access-x", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: ptr.To(corev1.ProjectedVolumeSourceDefaultMode),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr.To[int64](3607)}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}},
			}}},
		},
	}}}
}

func defaultContainer(c *corev1.Container, hostNetwork, isPod bool) {
	for name, quantity := range c.Resources.Limits {
		quantity.RoundUp(resource.Milli)
		c.Resources.Limits[name] = quantity
		if _, set := c.Resources.Requests[name]; isPod && !set {
			if c.Resources.Requests == nil {
				c.Resources.Requests = corev1.ResourceList{}
			}
			c.Resources.Requests[name] = quantity
		}
	}
	for i := range c.Ports {
		c.Ports[i].Protocol = corev1.Protocol(orDefault(string(c.Ports[i].Protocol), "TCP"))
		if isPod && hostNetwork && c.Ports[i].HostPort == 0 {
			c.Ports[i].HostPort = c.Ports[i].ContainerPort
		}
	}
}

func orSet[T any](value *T, byDefault T) *T {
	if value == nil {
		return ptr.To(byDefault)
	}
	return value
}

func orDefault(value, byDefault string) string {
	if value == "" {
		return byDefault
	}
	return value
}
