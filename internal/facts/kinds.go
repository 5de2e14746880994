package facts

import (
	"fmt"
	"reflect"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/workload"
)

// otherKind is a kind that is judged and is no workload, with an empty object and an empty list of it, which nobody changes.
type otherKind struct {
	gk   schema.GroupKind
	obj  client.Object
	list client.ObjectList
}

// others are all of them. Users and groups are names in bindings, and no objects.
var others = []otherKind{
	{schema.GroupKind{Group: rbacv1.GroupName, Kind: "Role"}, &rbacv1.Role{}, &rbacv1.RoleList{}},
	{schema.GroupKind{Group: rbacv1.GroupName, Kind: "ClusterRole"}, &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleList{}},
	{schema.GroupKind{Group: rbacv1.GroupName, Kind: "RoleBinding"}, &rbacv1.RoleBinding{}, &rbacv1.RoleBindingList{}},
	{schema.GroupKind{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding"}, &rbacv1.ClusterRoleBinding{}, &rbacv1.ClusterRoleBindingList{}},
	{schema.GroupKind{Kind: rbacv1.ServiceAccountKind}, &corev1.ServiceAccount{}, &corev1.ServiceAccountList{}},
	{networkPolicy, &networkingv1.NetworkPolicy{}, &networkingv1.NetworkPolicyList{}},
	{schema.GroupKind{Kind: "Namespace"}, &corev1.Namespace{}, &corev1.NamespaceList{}},
	{admission("ValidatingAdmissionPolicy"), &admissionregistrationv1.ValidatingAdmissionPolicy{},
		&admissionregistrationv1.ValidatingAdmissionPolicyList{}},
	{admission("ValidatingAdmissionPolicyBinding"), &admissionregistrationv1.ValidatingAdmissionPolicyBinding{},
		&admissionregistrationv1.ValidatingAdmissionPolicyBindingList{}},
	{admission("ValidatingWebhookConfiguration"), &admissionregistrationv1.ValidatingWebhookConfiguration{},
		&admissionregistrationv1.ValidatingWebhookConfigurationList{}},
	{admission("MutatingAdmissionPolicy"), &admissionregistrationv1.MutatingAdmissionPolicy{},
		&admissionregistrationv1.MutatingAdmissionPolicyList{}},
	{admission("MutatingAdmissionPolicyBinding"), &admissionregistrationv1.MutatingAdmissionPolicyBinding{},
		&admissionregistrationv1.MutatingAdmissionPolicyBindingList{}},
	{admission("MutatingWebhookConfiguration"), &admissionregistrationv1.MutatingWebhookConfiguration{},
		&admissionregistrationv1.MutatingWebhookConfigurationList{}},
}

func admission(kind string) schema.GroupKind {
	return schema.GroupKind{Group: admissionregistrationv1.GroupName, Kind: kind}
}

// resource is the name of the kind in URLs and in RBAC rules; none of them is irregular but that of policies.
func (k *otherKind) resource() string {
	name := strings.ToLower(k.gk.Kind)
	if base, y := strings.CutSuffix(name, "y"); y {
		return base + "ies"
	}
	return name + "s"
}

// ofClasses returns the kinds of the classes.
func ofClasses(classes workload.Class) []otherKind {
	var chosen []otherKind
	for _, kind := range others {
		if class, _ := workload.ClassOf(kind.gk); class&classes != 0 {
			chosen = append(chosen, kind)
		}
	}
	return chosen
}

// KindsOf returns an empty object of each kind of the classes, but for workloads.
func KindsOf(classes workload.Class) []client.Object {
	var objects []client.Object
	for _, kind := range ofClasses(classes) {
		objects = append(objects, kind.new())
	}
	return objects
}

// ListOf returns an empty list of a kind that is judged and is no workload, and the name of the kind in URLs and in RBAC rules.
func ListOf(gk schema.GroupKind) (list client.ObjectList, resource string) {
	for i := range others {
		if others[i].gk == gk {
			return others[i].newList(), others[i].resource()
		}
	}
	return nil, ""
}

// OlderVersion returns a version before v1 in which an API server serves a kind. What is judged is read in v1: where that is not served,
// there may be objects all the same that nobody sees. It is empty where no such version is served.
func OlderVersion(mapper meta.RESTMapper, gk schema.GroupKind) (string, error) {
	mapping, err := mapper.RESTMapping(gk, "v1beta1", "v1alpha1")
	switch {
	case meta.IsNoMatchError(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("find out in which versions %s is served: %w", gk.Kind, err)
	}
	return mapping.GroupVersionKind.Version, nil
}

func (k *otherKind) newList() client.ObjectList {
	list, _ := k.list.DeepCopyObject().(client.ObjectList)
	return list
}

func (k *otherKind) new() client.Object {
	obj, _ := k.obj.DeepCopyObject().(client.Object)
	return obj
}

// newOther returns an empty object of a kind that is no workload; nil where there is none such.
func newOther(gk schema.GroupKind) client.Object {
	for i := range others {
		if others[i].gk == gk {
			return others[i].new()
		}
	}
	return nil
}

// RefOf returns the identity of an object that is judged and is no workload.
func RefOf(obj client.Object) (workload.Ref, bool) {
	for i := range others {
		if reflect.TypeOf(others[i].obj) == reflect.TypeOf(obj) {
			gk := others[i].gk
			return workload.Ref{Group: gk.Group, Kind: gk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}, true
		}
	}
	return workload.Ref{}, false
}
