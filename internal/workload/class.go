package workload

import (
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Class is the sort of an object that is judged. Classes can be joined by |.
type Class uint8

const (
	// Pods are workloads: objects whose pods are judged.
	Pods Class = 1 << iota
	// Roles are Roles and ClusterRoles.
	Roles
	// Bindings are RoleBindings and ClusterRoleBindings.
	Bindings
	// Subjects are those that bindings grant to: ServiceAccounts, users and groups.
	Subjects
	// Policies are NetworkPolicies.
	Policies
	// Namespaces are namespaces.
	Namespaces
	// Guardrails are what keeps drift out of the cluster: admission policies, their bindings, and admission webhooks.
	Guardrails

	// Any is every class. A check of Any judges only what a baseline names or closes: what is declared, and inventories.
	Any = Pods | Roles | Bindings | Subjects | Policies | Namespaces | Guardrails
)

// others are the classes of the kinds that are judged and are no workloads.
var others = map[schema.GroupKind]Class{
	{Group: rbacv1.GroupName, Kind: "Role"}:                                              Roles,
	{Group: rbacv1.GroupName, Kind: "ClusterRole"}:                                       Roles,
	{Group: rbacv1.GroupName, Kind: "RoleBinding"}:                                       Bindings,
	{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding"}:                                Bindings,
	{Group: corev1.GroupName, Kind: "ServiceAccount"}:                                    Subjects,
	{Group: rbacv1.GroupName, Kind: "User"}:                                              Subjects,
	{Group: rbacv1.GroupName, Kind: "Group"}:                                             Subjects,
	{Group: networkingv1.GroupName, Kind: "NetworkPolicy"}:                               Policies,
	{Group: corev1.GroupName, Kind: "Namespace"}:                                         Namespaces,
	{Group: admissionregistrationv1.GroupName, Kind: "ValidatingAdmissionPolicy"}:        Guardrails,
	{Group: admissionregistrationv1.GroupName, Kind: "ValidatingAdmissionPolicyBinding"}: Guardrails,
	{Group: admissionregistrationv1.GroupName, Kind: "ValidatingWebhookConfiguration"}:   Guardrails,
	{Group: admissionregistrationv1.GroupName, Kind: "MutatingAdmissionPolicy"}:          Guardrails,
	{Group: admissionregistrationv1.GroupName, Kind: "MutatingAdmissionPolicyBinding"}:   Guardrails,
	{Group: admissionregistrationv1.GroupName, Kind: "MutatingWebhookConfiguration"}:     Guardrails,
}

// ClassOf returns the class of a kind, and false when it is not judged. What controls workloads and is of no known kind is
// judged by these: it is none of its own.
func ClassOf(gk schema.GroupKind) (Class, bool) {
	if _, ok := KindOf(gk); ok {
		return Pods, true
	}
	class, ok := others[gk]
	return class, ok
}

// ClassNamed returns the class of the kind that is called so; zero when none is.
func ClassNamed(kind string) Class {
	if slices.ContainsFunc(Kinds(), func(k Kind) bool { return k.Kind == kind }) {
		return Pods
	}
	for gk, class := range others {
		if gk.Kind == kind {
			return class
		}
	}
	return 0
}

// Named says whether a target is no object but a name in bindings: a user or a group. Kubernetes keeps none of them.
func Named(ref Ref) bool {
	return ref.Group == rbacv1.GroupName && slices.Contains([]string{rbacv1.UserKind, rbacv1.GroupKind}, ref.Kind)
}

// Home returns the namespace that a target belongs to; empty for one that belongs to the cluster.
func Home(ref Ref) string {
	if class, _ := ClassOf(ref.GroupKind()); class == Namespaces {
		return ref.Name
	}
	return ref.Namespace
}
