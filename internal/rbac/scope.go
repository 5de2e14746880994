package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// clusterScoped are the resources of Kubernetes that are in no namespace, and those that exist in RBAC only and are asked
// for without one. Left out are namespaces, whose requests count as made in the namespace itself, and clusterroles: whether
// somebody may bind one is asked in the namespace of the RoleBinding.
var clusterScoped = map[string][]string{
	"": {"componentstatuses", "groups", "nodes", "persistentvolumes", "users"},
	"admissionregistration.k8s.io": {
		"mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "mutatingwebhookconfigurations",
		"validatingadmissionpolicies", "validatingadmissionpolicybindings", "validatingwebhookconfigurations",
	},
	"apiextensions.k8s.io":         {"customresourcedefinitions"},
	"apiregistration.k8s.io":       {"apiservices"},
	"authorization.k8s.io":         {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"},
	"authentication.k8s.io":        {"groups", "nodes", "selfsubjectreviews", "tokenreviews", "uids", "userextras", "users"},
	"certificates.k8s.io":          {"certificatesigningrequests", "clustertrustbundles", "signers"},
	"flowcontrol.apiserver.k8s.io": {"flowschemas", "prioritylevelconfigurations"},
	"internal.apiserver.k8s.io":    {"storageversions"},
	"networking.k8s.io":            {"ingressclasses", "ipaddresses", "servicecidrs"},
	"node.k8s.io":                  {"runtimeclasses"},
	"rbac.authorization.k8s.io":    {"clusterrolebindings"},
	"resource.k8s.io":              {"deviceclasses", "devicetaintrules", "resourcepoolstatusrequests", "resourceslices"},
	"scheduling.k8s.io":            {"priorityclasses"},
	"storage.k8s.io":               {"csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"},
	"storagemigration.k8s.io":      {"storageversionmigrations"},
}

// bindVerb is the verb on a role that lets it be bound by who does not hold what it allows.
const bindVerb = "bind"

// ClusterScoped says whether a permission is on a path, or on a resource of Kubernetes itself that is in no namespace. A
// RoleBinding that grants it grants nothing, because the API server never asks for it in a namespace. Wildcards are not. Of a
// ClusterRole it asks in the namespace of a RoleBinding whether somebody may bind it, and all else in none.
//
// Source: RequestInfo in apiserver/pkg/endpoints/request, and the types of k8s.io/api.
func (p Permission) ClusterScoped() bool {
	if p.isPath() {
		return true
	}
	if p.onClusterRoles() {
		return !verbIn(bindVerb, p.Verbs)
	}
	resource, _, _ := strings.Cut(p.Resource, "/")
	return slices.Contains(clusterScoped[p.Group], resource)
}

func (p *Permission) onClusterRoles() bool {
	resource, _, _ := strings.Cut(p.Resource, "/")
	return p.Group == rbacv1.GroupName && resource == "clusterroles"
}

// InNamespaces returns what a RoleBinding can give of permissions: those that are not ClusterScoped, and of all that may be
// done with ClusterRoles only to bind them.
func InNamespaces(permissions []Permission) []Permission {
	var kept []Permission
	for _, p := range permissions {
		if p.ClusterScoped() {
			continue
		}
		if p.onClusterRoles() {
			p.Verbs = []string{bindVerb}
		}
		kept = append(kept, p)
	}
	return kept
}

// InNamespace returns which verb a RoleBinding can give by a verb of a rule on a resource, and false where it gives nothing: see
// InNamespaces.
func InNamespace(verb, group, resource string) (string, bool) {
	p := Permission{Verbs: []string{verb}, Group: group, Resource: resource}
	if p.ClusterScoped() {
		return "", false
	}
	if p.onClusterRoles() {
		verb = bindVerb
	}
	return verb, true
}
