// Package rbac knows who may do what. It follows a subject through RoleBindings and ClusterRoleBindings to Roles and
// ClusterRoles and their rules, as the authorizer of the API server does, and says in words what it finds.
//
// Source: plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation of Kubernetes.
package rbac

import (
	"cmp"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// The groups that the API server puts a user into by itself.
const (
	Authenticated       = "system:authenticated"
	Unauthenticated     = "system:unauthenticated"
	AllServiceAccounts  = "system:serviceaccounts"
	serviceAccountGroup = "system:serviceaccounts:" // the namespace follows
)

// Anonymous is the user that makes the requests of nobody.
const Anonymous = "system:anonymous"

// serviceAccountUser begins the user name of every ServiceAccount; namespace and name follow.
const serviceAccountUser = "system:serviceaccount:"

// Subject is who may hold permissions. Kind is ServiceAccount, User or Group.
//
// A user that is called like a ServiceAccount is that ServiceAccount, because RBAC looks at the user name alone. What is
// called a ServiceAccount and cannot be one, for its namespace is no name of a namespace, is the user of that name.
type Subject struct {
	Kind, Namespace, Name string
}

// ServiceAccount returns the Subject of a ServiceAccount.
func ServiceAccount(namespace, name string) Subject {
	return Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

// SubjectOf returns whom a subject of a ClusterRoleBinding names. It is false for one that RBAC never matches: it has no
// name, an API group or kind that is none of RBAC's, or is a ServiceAccount without a namespace. In a RoleBinding such a
// ServiceAccount is one of the binding's namespace: see Binding.Holders.
func SubjectOf(s rbacv1.Subject) (Subject, bool) {
	return subjectIn(&s, "")
}

// subjectIn reads a subject of a binding in the namespace; empty for a ClusterRoleBinding.
func subjectIn(s *rbacv1.Subject, namespace string) (Subject, bool) {
	if !valid(s, namespace) {
		return Subject{}, false
	}
	if s.Kind != rbacv1.ServiceAccountKind {
		return Subject{Kind: s.Kind, Name: s.Name}.canonical(), true
	}
	return ServiceAccount(cmp.Or(s.Namespace, namespace), s.Name).canonical(), true
}

// valid says whether a subject of a binding in the namespace can be somebody. The authorizer does not look at the API
// group; the API server refuses a wrong one before that, and fills in an empty one.
func valid(s *rbacv1.Subject, namespace string) bool {
	if s.Name == "" {
		return false
	}
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		return s.APIGroup == "" && (s.Namespace != "" || namespace != "")
	case rbacv1.UserKind, rbacv1.GroupKind:
		return s.APIGroup == "" || s.APIGroup == rbacv1.GroupName
	}
	return false
}

// canonical returns the one Subject that stands for all with the same user name.
func (s Subject) canonical() Subject {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		if !isServiceAccount(s.Namespace, s.Name) {
			return Subject{Kind: rbacv1.UserKind, Name: serviceAccountUser + s.Namespace + ":" + s.Name}
		}
	case rbacv1.UserKind:
		rest, ok := strings.CutPrefix(s.Name, serviceAccountUser)
		if !ok {
			break
		}
		if namespace, name, _ := strings.Cut(rest, ":"); isServiceAccount(namespace, name) {
			return ServiceAccount(namespace, name)
		}
	}
	return s
}

// String returns the name that people know the subject by, such as "ServiceAccount shop/api" or "Group system:masters".
func (s Subject) String() string {
	return workload.Ref{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String()
}

// Groups returns the groups that the API server puts the subject into by itself. Groups that an authenticator names are
// known to nobody else: a permission that comes through them is found on the group.
func (s Subject) Groups() []string {
	s = s.canonical()
	switch {
	case s.Kind == rbacv1.ServiceAccountKind:
		return []string{AllServiceAccounts, serviceAccountGroup + s.Namespace, Authenticated}
	case s.Kind == rbacv1.UserKind && s.Name == Anonymous:
		return []string{Unauthenticated}
	case s.Kind == rbacv1.UserKind:
		return []string{Authenticated}
	}
	return nil
}

// Keys returns all names under which a binding may grant to the subject: itself, and its groups in the order of Groups.
func (s Subject) Keys() []Subject {
	groups := s.Groups()
	keys := make([]Subject, 1, 1+len(groups))
	keys[0] = s.canonical()
	for _, group := range groups {
		keys = append(keys, Subject{Kind: rbacv1.GroupKind, Name: group})
	}
	return keys
}

// Ref returns the identity of the subject as a target: users and groups are of the API group of RBAC, as in a binding.
func (s Subject) Ref() workload.Ref {
	if s.Kind == rbacv1.ServiceAccountKind {
		return workload.Ref{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}
	}
	return workload.Ref{Group: rbacv1.GroupName, Kind: s.Kind, Name: s.Name}
}

// SubjectFrom returns the subject that a target is; false for what is none.
func SubjectFrom(ref workload.Ref) (Subject, bool) {
	switch {
	case ref.Name == "":
		return Subject{}, false
	case ref.Kind == rbacv1.ServiceAccountKind && ref.Group == "" && ref.Namespace != "":
		return ServiceAccount(ref.Namespace, ref.Name).canonical(), true
	case (ref.Kind == rbacv1.UserKind || ref.Kind == rbacv1.GroupKind) && ref.Group == rbacv1.GroupName && ref.Namespace == "":
		return Subject{Kind: ref.Kind, Name: ref.Name}.canonical(), true
	}
	return Subject{}, false
}
