package rbac

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

// The kinds of RBAC.
const (
	roleKind               = "Role"
	clusterRoleKind        = "ClusterRole"
	roleBindingKind        = "RoleBinding"
	clusterRoleBindingKind = "ClusterRoleBinding"
)

// Role is a Role or a ClusterRole. It shares what it holds with the object that it was read from.
type Role struct {
	Ref         workload.Ref
	Rules       []rbacv1.PolicyRule
	Aggregation *rbacv1.AggregationRule // which ClusterRoles the rules are gathered from; nil: they are its own
	Labels      map[string]string
	Version     string // of the object: another whenever it was changed
}

// RoleOf returns what a Role or ClusterRole allows; false for another object.
func RoleOf(obj runtime.Object) (*Role, bool) {
	switch o := obj.(type) {
	case *rbacv1.Role:
		return &Role{Ref: refOf(roleKind, &o.ObjectMeta), Rules: o.Rules, Labels: o.Labels, Version: o.ResourceVersion}, true
	case *rbacv1.ClusterRole:
		ref := refOf(clusterRoleKind, &o.ObjectMeta)
		ref.Namespace = ""
		return &Role{Ref: ref, Rules: o.Rules, Aggregation: o.AggregationRule, Labels: o.Labels, Version: o.ResourceVersion}, true
	}
	return nil, false
}

func refOf(kind string, meta *metav1.ObjectMeta) workload.Ref {
	return workload.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: meta.Namespace, Name: meta.Name}
}

// Gathers says whether a label of a ClusterRole is one of those that people make for others to gather its rules by: the built-in
// roles do by rbac.authorization.k8s.io/aggregate-to-admin and the like, and more than these by labels that are called so too.
func Gathers(label, value string) bool {
	return strings.Contains(label, "aggregate-to-") && value != "false"
}

// Trim takes out of an object of RBAC, in place, what nobody judges, so that a cache holds little.
func Trim(obj runtime.Object) {
	switch o := obj.(type) {
	case *rbacv1.Role:
		trimMeta(&o.ObjectMeta)
	case *rbacv1.ClusterRole:
		trimMeta(&o.ObjectMeta)
	case *rbacv1.RoleBinding:
		trimMeta(&o.ObjectMeta)
	case *rbacv1.ClusterRoleBinding:
		trimMeta(&o.ObjectMeta)
	}
}

func trimMeta(meta *metav1.ObjectMeta) {
	meta.ManagedFields, meta.Annotations = nil, nil
}
