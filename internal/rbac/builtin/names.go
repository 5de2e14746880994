package builtin

import (
	"plumbline.dev/plumbline/internal/rbac"
)

// Names says whether Kubernetes itself makes a binding name a subject, for the role that it binds. It is so of what is left
// of a modified binding, too: who takes the group system:unauthenticated out of ClusterRoleBinding system:public-info-viewer
// has not put system:authenticated there.
func Names(b *rbac.Binding, s rbac.Subject) bool {
	if b == nil {
		return false
	}
	for _, form := range known().bindings[b.Ref] {
		if form.role() == b.Role && form.names(s) {
			return true
		}
	}
	return false
}

func (b *Binding) names(s rbac.Subject) bool {
	for i := range b.Subjects {
		if made, ok := rbac.SubjectOf(b.Subjects[i]); ok && made == s {
			return true
		}
	}
	return false
}
