package pinned

import (
	"reflect"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/workload"
)

// compiled compares what was read from the cluster with what was declared.
type compiled func(live runtime.Object) []Difference

// kind is a kind that can be declared.
type kind struct {
	schema.GroupVersionKind
	clusterScoped bool
	empty         func() runtime.Object
	compile       func(declared runtime.Object, c *compiler) compiled
}

// reading is for kinds whose facts are read.
func reading(read func(runtime.Object, *facts)) func(runtime.Object, *compiler) compiled {
	return func(declared runtime.Object, c *compiler) compiled { return c.byFacts(declared, read) }
}

// kinds are those of Kubernetes itself, sorted.
var kinds = func() []kind {
	var all []kind
	for _, k := range workload.Kinds() {
		all = append(all, kind{k.GroupVersionKind, false, k.New, compareWorkload})
	}
	add := func(gv schema.GroupVersion, name string, clusterScoped bool, empty func() runtime.Object,
		compile func(runtime.Object, *compiler) compiled,
	) {
		all = append(all, kind{gv.WithKind(name), clusterScoped, empty, compile})
	}
	core, roles, admission := corev1.SchemeGroupVersion, rbacv1.SchemeGroupVersion, admissionv1.SchemeGroupVersion
	add(core, "ServiceAccount", false, func() runtime.Object { return &corev1.ServiceAccount{} }, reading(readServiceAccount))
	add(core, "Namespace", true, func() runtime.Object { return &corev1.Namespace{} }, reading(readNamespace))
	add(roles, "Role", false, func() runtime.Object { return &rbacv1.Role{} }, compareRole)
	add(roles, "ClusterRole", true, func() runtime.Object { return &rbacv1.ClusterRole{} }, compareRole)
	add(roles, "RoleBinding", false, func() runtime.Object { return &rbacv1.RoleBinding{} }, reading(readBinding))
	add(roles, "ClusterRoleBinding", true, func() runtime.Object { return &rbacv1.ClusterRoleBinding{} }, reading(readBinding))
	add(networkingv1.SchemeGroupVersion, "NetworkPolicy", false, func() runtime.Object { return &networkingv1.NetworkPolicy{} }, comparePolicy)
	add(admission, "ValidatingWebhookConfiguration", true,
		func() runtime.Object { return &admissionv1.ValidatingWebhookConfiguration{} }, reading(readValidatingWebhooks))
	add(admission, "MutatingWebhookConfiguration", true,
		func() runtime.Object { return &admissionv1.MutatingWebhookConfiguration{} }, reading(readMutatingWebhooks))
	add(admission, "ValidatingAdmissionPolicy", true,
		func() runtime.Object { return &admissionv1.ValidatingAdmissionPolicy{} }, reading(readValidatingPolicy))
	add(admission, "ValidatingAdmissionPolicyBinding", true,
		func() runtime.Object { return &admissionv1.ValidatingAdmissionPolicyBinding{} }, reading(readValidatingBinding))
	add(admission, "MutatingAdmissionPolicy", true,
		func() runtime.Object { return &admissionv1.MutatingAdmissionPolicy{} }, reading(readMutatingPolicy))
	add(admission, "MutatingAdmissionPolicyBinding", true,
		func() runtime.Object { return &admissionv1.MutatingAdmissionPolicyBinding{} }, reading(readMutatingBinding))
	slices.SortFunc(all, func(a, b kind) int { return strings.Compare(a.GroupKind().String(), b.GroupKind().String()) })
	return all
}()

// rawGroups are the groups of policy engines all of whose kinds can be declared. Their objects are compared field by field.
var rawGroups = []string{"constraints.gatekeeper.sh", "kyverno.io", "policies.kyverno.io", "templates.gatekeeper.sh"}

// Kinds returns the kinds of Kubernetes that can be declared, sorted. Every kind of the groups of RawGroups can be declared
// too, in any version.
func Kinds() []schema.GroupVersionKind {
	all := make([]schema.GroupVersionKind, len(kinds))
	for i := range kinds {
		all[i] = kinds[i].GroupVersionKind
	}
	return all
}

// RawGroups returns the groups of policy engines all of whose kinds can be declared, sorted.
func RawGroups() []string { return slices.Clone(rawGroups) }

// IsDeclarable says whether objects of a kind can be declared, in some version.
func IsDeclarable(gk schema.GroupKind) bool {
	return slices.Contains(rawGroups, gk.Group) ||
		slices.ContainsFunc(kinds, func(k kind) bool { return k.GroupKind() == gk })
}

// IsClusterScoped says whether the objects of a kind that can be declared are in no namespace, as far as it is known here.
func IsClusterScoped(gk schema.GroupKind) bool {
	for i := range kinds {
		if kinds[i].GroupKind() == gk {
			return kinds[i].clusterScoped
		}
	}
	k := rawKind(gk.WithVersion(""))
	return k.clusterScoped
}

// rawKind is a kind of a policy engine. Which of them are in namespaces only their CRDs say; those that are, are known here.
func rawKind(gvk schema.GroupVersionKind) kind {
	inNamespace := strings.HasSuffix(gvk.Group, "kyverno.io") && (strings.HasPrefix(gvk.Kind, "Namespaced") ||
		slices.Contains([]string{"Policy", "CleanupPolicy", "PolicyException", "UpdateRequest"}, gvk.Kind))
	return kind{gvk, !inNamespace, func() runtime.Object { return &unstructured.Unstructured{} }, reading(readRaw)}
}

// typed returns an object as the type that the kind is compared in; false where it is none of the kind.
func (k *kind) typed(obj runtime.Object) (runtime.Object, bool) {
	to := k.empty()
	if reflect.TypeOf(obj) == reflect.TypeOf(to) && !reflect.ValueOf(obj).IsNil() {
		u, raw := obj.(*unstructured.Unstructured)
		return obj, !raw || u.GroupVersionKind().GroupKind() == k.GroupKind()
	}
	from, ok := obj.(*unstructured.Unstructured)
	if !ok || from == nil || from.GroupVersionKind() != k.GroupVersionKind {
		return nil, false
	}
	return to, runtime.DefaultUnstructuredConverter.FromUnstructured(from.Object, to) == nil
}
