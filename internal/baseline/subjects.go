package baseline

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// Subjects returns the users and groups that its ceilings call by their names, without a *. They are judged wherever a binding
// names them, be it after many others. A user that is called like a ServiceAccount is one, and is judged in any case.
func (b *Baseline) Subjects() []workload.Ref {
	var refs []workload.Ref
	for i := range b.Declared.RBAC.PermissionCeilings {
		for _, p := range b.Declared.RBAC.PermissionCeilings[i].Subjects {
			if p.Kind != rbacv1.ServiceAccountKind && !strings.Contains(p.Name, "*") && !strings.HasPrefix(p.Name, "system:serviceaccount:") {
				refs = append(refs, workload.Ref{Group: rbacv1.GroupName, Kind: p.Kind, Name: p.Name})
			}
		}
	}
	return refs
}

// Asks says whether a ceiling of a baseline calls a user or a group by its name.
func (s *Set) Asks(ref workload.Ref) bool {
	return slices.ContainsFunc(s.All(), func(b *Baseline) bool { return slices.Contains(b.Subjects(), ref) })
}
