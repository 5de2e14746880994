package snapshot

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// Kinds that are written in a way of their own.
const (
	podKind            = "Pod"
	jobKind            = "Job"
	replicaSetKind     = "ReplicaSet"
	namespaceKind      = "Namespace"
	serviceAccountKind = "ServiceAccount"
	clusterRoleKind    = "ClusterRole"
)

// DefaultKinds are all kinds that can be declared and are watched, sorted.
func DefaultKinds() []schema.GroupVersionKind {
	return slices.DeleteFunc(pinned.Kinds(), func(gvk schema.GroupVersionKind) bool { return !closable(gvk.GroupKind()) })
}

// closable says whether the list of a kind can be closed: only what is watched can be found.
func closable(gk schema.GroupKind) bool {
	_, watched := workload.ClassOf(gk)
	return watched
}

// ClusterScoped says whether the objects of a kind that can be declared are in no namespace.
func ClusterScoped(gk schema.GroupKind) bool {
	switch gk.Group {
	case admissionv1.GroupName:
		return true
	case rbacv1.GroupName:
		return gk.Kind == clusterRoleKind || gk.Kind == "ClusterRoleBinding"
	}
	return gk.Kind == namespaceKind
}

// madeAnew says whether the objects of a kind come and go with each run or revision of what owns them.
func madeAnew(gk schema.GroupKind) bool {
	_, is := workload.KindOf(gk)
	return is && slices.Contains([]string{podKind, replicaSetKind, jobKind}, gk.Kind)
}
