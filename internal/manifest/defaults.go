package manifest

import (
	"maps"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

// setDefaults fills in what the API server does, as far as anything that is judged depends on it: it is judged the same
// before and after it is applied.
//
// Source: pkg/apis/core/v1/defaults.go, batch/v1, networking/v1 and rbac/v1 of Kubernetes.
func setDefaults(obj runtime.Object) {
	switch o := obj.(type) {
	case *corev1.Namespace:
		metav1.SetMetaDataLabel(&o.ObjectMeta, corev1.LabelMetadataName, o.Name)
	case *corev1.ReplicationController:
		defaultLabels(obj)
	case *batchv1.Job:
		defaultJob(o)
		defaultLabels(obj)
	case *networkingv1.NetworkPolicy:
		defaultNetworkPolicy(&o.Spec)
	case *rbacv1.RoleBinding:
		defaultBinding(&o.RoleRef, o.Subjects)
	case *rbacv1.ClusterRoleBinding:
		defaultBinding(&o.RoleRef, o.Subjects)
	}
	if w, ok := workload.Of(obj); ok {
		defaultPodSpec(w.Pod)
	}
	if pod, ok := obj.(*corev1.Pod); ok {
		defaultPod(&pod.Spec)
	}
}

// jobNameLabels are those that the API server sets in the template of a Job to the name of it.
var jobNameLabels = []string{batchv1.JobNameLabel, "job-name"}

// defaultJob labels the pods of a Job with its name, which policies select them by. The label with the UID is not known yet, and
// neither is a name that is still to be made up.
//
// Source: generateSelector in pkg/registry/batch/job/strategy.go of Kubernetes.
func defaultJob(job *batchv1.Job) {
	if job.Spec.ManualSelector != nil && *job.Spec.ManualSelector || job.Name == job.GenerateName {
		return
	}
	for _, label := range jobNameLabels {
		if _, set := job.Spec.Template.Labels[label]; !set {
			metav1.SetMetaDataLabel(&job.Spec.Template.ObjectMeta, label, job.Name)
		}
	}
}

// defaultLabels gives objects of the older kinds the labels of their pods, where they have none.
func defaultLabels(obj runtime.Object) {
	if w, ok := workload.Of(obj); ok && len(w.Meta.Labels) == 0 {
		w.Meta.Labels = w.PodMeta.Labels
	}
}

// defaultPodSpec is for pods and templates alike: a volume of no type is an emptyDir, a port is one of TCP.
func defaultPodSpec(pod *corev1.PodSpec) {
	for i := range pod.Volumes {
		if pod.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			pod.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range containers {
			for j := range containers[i].Ports {
				if port := &containers[i].Ports[j]; port.Protocol == "" {
					port.Protocol = corev1.ProtocolTCP
				}
			}
		}
	}
}

// defaultPod is for pods, not for templates: what is limited is requested, and on the network of the node the ports of
// containers are ports of the node.
func defaultPod(pod *corev1.PodSpec) {
	for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range containers {
			requestLimits(&containers[i].Resources)
			for j := range containers[i].Ports {
				if port := &containers[i].Ports[j]; pod.HostNetwork && port.HostPort == 0 {
					port.HostPort = port.ContainerPort
				}
			}
		}
	}
}

func requestLimits(resources *corev1.ResourceRequirements) {
	if len(resources.Limits) == 0 {
		return
	}
	requests := maps.Clone(resources.Limits)
	maps.Copy(requests, resources.Requests)
	resources.Requests = requests
}

// defaultNetworkPolicy says what a policy is about that does not say so itself: ingress always, egress where it has rules.
func defaultNetworkPolicy(policy *networkingv1.NetworkPolicySpec) {
	if len(policy.PolicyTypes) == 0 {
		policy.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Egress) > 0 {
			policy.PolicyTypes = append(policy.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	for i := range policy.Ingress {
		defaultProtocols(policy.Ingress[i].Ports)
	}
	for i := range policy.Egress {
		defaultProtocols(policy.Egress[i].Ports)
	}
}

func defaultProtocols(ports []networkingv1.NetworkPolicyPort) {
	for i := range ports {
		if ports[i].Protocol == nil {
			protocol := corev1.ProtocolTCP
			ports[i].Protocol = &protocol
		}
	}
}

func defaultBinding(role *rbacv1.RoleRef, subjects []rbacv1.Subject) {
	if role.APIGroup == "" {
		role.APIGroup = rbacv1.GroupName
	}
	for i := range subjects {
		if subject := &subjects[i]; subject.APIGroup == "" && subject.Kind != rbacv1.ServiceAccountKind {
			subject.APIGroup = rbacv1.GroupName
		}
	}
}
