package rbac

import (
	"cmp"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// nobody is the index of a key that a subject does not have.
const nobody = -1

// keyOf returns the index among the subject's Keys that a subject of a binding names. It tells without making names,
// because most bindings are about others.
func (s Subject) keyOf(named *rbacv1.Subject, namespace string) int {
	if !valid(named, namespace) {
		return nobody
	}
	switch named.Kind {
	case rbacv1.UserKind:
		if s.isUser(named.Name) {
			return 0
		}
	case rbacv1.ServiceAccountKind:
		if s.isServiceAccount(cmp.Or(named.Namespace, namespace), named.Name) {
			return 0
		}
	case rbacv1.GroupKind:
		return s.groupKey(named.Name)
	}
	return nobody
}

func (s Subject) isUser(name string) bool {
	switch s.Kind {
	case rbacv1.UserKind:
		return name == s.Name
	case rbacv1.ServiceAccountKind:
		return isUserName(name, s.Namespace, s.Name)
	}
	return false
}

func (s Subject) isServiceAccount(namespace, name string) bool {
	switch s.Kind {
	case rbacv1.UserKind:
		return isUserName(s.Name, namespace, name)
	case rbacv1.ServiceAccountKind:
		return s.Namespace == namespace && s.Name == name
	}
	return false
}

// isUserName says whether a user name is the one that the ServiceAccount has.
func isUserName(user, namespace, name string) bool {
	rest, ok := strings.CutPrefix(user, serviceAccountUser)
	if !ok {
		return false
	}
	rest, ok = strings.CutPrefix(rest, namespace)
	if !ok {
		return false
	}
	rest, ok = strings.CutPrefix(rest, ":")
	return ok && rest == name
}

// groupKey numbers the groups as Keys lists them.
func (s Subject) groupKey(group string) int {
	switch s.Kind {
	case rbacv1.GroupKind:
		if group == s.Name {
			return 0
		}
	case rbacv1.UserKind:
		if s.Name == Anonymous && group == Unauthenticated || s.Name != Anonymous && group == Authenticated {
			return 1
		}
	case rbacv1.ServiceAccountKind:
		return accountGroupKey(s.Namespace, group)
	}
	return nobody
}

func accountGroupKey(namespace, group string) int {
	if in, ok := strings.CutPrefix(group, serviceAccountGroup); ok && in == namespace {
		return 2
	}
	switch group {
	case AllServiceAccounts:
		return 1
	case Authenticated:
		return 3
	}
	return nobody
}
