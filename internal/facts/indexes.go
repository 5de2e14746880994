package facts

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

const (
	// SubjectIndex is the field index of bindings by the subjects that they name.
	SubjectIndex = "plumbline.dev/subject"
	// RoleIndex is the field index of bindings by the role that they bind.
	RoleIndex = "plumbline.dev/role"
)

// IndexSubjects returns the keys of a binding in SubjectIndex.
func IndexSubjects(obj client.Object) []string {
	binding, ok := rbac.BindingOf(obj)
	if !ok {
		return nil
	}
	var keys []string
	for _, holder := range binding.Holders() {
		keys = append(keys, subjectKey(holder))
	}
	return keys
}

// IndexRole returns the key of a binding in RoleIndex.
func IndexRole(obj client.Object) []string {
	binding, ok := rbac.BindingOf(obj)
	if !ok {
		return nil
	}
	return []string{roleKey(binding.Role)}
}

func subjectKey(s rbac.Subject) string { return s.Kind + "/" + s.Namespace + "/" + s.Name }

func roleKey(ref workload.Ref) string { return ref.Kind + "/" + ref.Namespace + "/" + ref.Name }

// AggregatedIndex is the field index of the ClusterRoles that take up the rules of others.
const AggregatedIndex = "plumbline.dev/aggregated"

// IndexAggregated returns the key of a ClusterRole in AggregatedIndex.
func IndexAggregated(obj client.Object) []string {
	if role, ok := obj.(*rbacv1.ClusterRole); ok && role.AggregationRule != nil {
		return []string{"true"}
	}
	return nil
}

// IndexesOf returns the field indexes of a kind.
func IndexesOf(gk schema.GroupKind) map[string]client.IndexerFunc {
	switch class, _ := workload.ClassOf(gk); {
	case class == workload.Pods:
		return map[string]client.IndexerFunc{OwnerIndex: IndexOwner, ControllerIndex: IndexController}
	case class == workload.Bindings:
		return map[string]client.IndexerFunc{SubjectIndex: IndexSubjects, RoleIndex: IndexRole}
	case gk.Kind == "ClusterRole":
		return map[string]client.IndexerFunc{AggregatedIndex: IndexAggregated}
	}
	return nil
}
