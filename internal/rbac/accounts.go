package rbac

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// UsersIn says whether a subject is a group that the API server puts users into by itself.
func UsersIn(s Subject) bool {
	return s.Kind == rbacv1.GroupKind && (s.Name == Authenticated || s.Name == Unauthenticated)
}

// AccountsIn says whether a subject is a group of ServiceAccounts, and of which namespace; empty for those of all.
func AccountsIn(s Subject) (namespace string, is bool) {
	if s.Kind != rbacv1.GroupKind {
		return "", false
	}
	if s.Name == Authenticated || s.Name == AllServiceAccounts {
		return "", true
	}
	namespace, is = strings.CutPrefix(s.Name, serviceAccountGroup)
	return namespace, is && namespace != ""
}
