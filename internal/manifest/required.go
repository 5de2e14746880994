package manifest

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// missing returns the path of a field that the API server refuses to do without, and without which there would be
// nothing, or the wrong thing, to judge: a patch of a kustomization looks like an object that lacks such fields. It is
// empty where nothing is missing.
//
// Source: pkg/apis/core/validation, apps/validation and rbac/validation of Kubernetes.
func missing(obj runtime.Object) string {
	if named, ok := obj.(metav1.Object); ok && named.GetName() == "" && named.GetGenerateName() == "" {
		return "metadata.name"
	}
	switch o := obj.(type) {
	case *rbacv1.RoleBinding:
		return missingRole(&o.RoleRef)
	case *rbacv1.ClusterRoleBinding:
		return missingRole(&o.RoleRef)
	}
	if w, ok := workload.Of(obj); ok {
		return missingOfPods(obj, &w)
	}
	return ""
}

func missingOfPods(obj runtime.Object, w *workload.Workload) string {
	if len(w.Pod.Containers) == 0 {
		return w.Path("containers")
	}
	if path := missingIn("initContainers", w.Pod.InitContainers); path != "" {
		return w.Path(path)
	}
	if path := missingIn("containers", w.Pod.Containers); path != "" {
		return w.Path(path)
	}
	if selector, has := selectorOf(obj); has && selector == nil {
		return "spec.selector"
	}
	return ""
}

func missingRole(ref *rbacv1.RoleRef) string {
	switch {
	case ref.Kind == "":
		return "roleRef.kind"
	case ref.Name == "":
		return "roleRef.name"
	}
	return ""
}

func missingIn(list string, containers []corev1.Container) string {
	for i := range containers {
		switch {
		case containers[i].Name == "":
			return fmt.Sprintf("%s[%d].name", list, i)
		case containers[i].Image == "":
			return fmt.Sprintf("%s[%d].image", list, i)
		}
	}
	return ""
}

func selectorOf(obj runtime.Object) (selector *metav1.LabelSelector, has bool) {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		return o.Spec.Selector, true
	case *appsv1.StatefulSet:
		return o.Spec.Selector, true
	case *appsv1.DaemonSet:
		return o.Spec.Selector, true
	case *appsv1.ReplicaSet:
		return o.Spec.Selector, true
	}
	return nil, false
}
