package builtin

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
)

func TestKubernetesNamesASubjectForOneRoleOnly(t *testing.T) {
	group := func(name string) rbac.Subject { return rbac.Subject{Kind: rbacv1.GroupKind, Name: name} }
	for name, c := range map[string]struct {
		binding *rbac.Binding
		subject rbac.Subject
		want    bool
	}{
		"a group of Kubernetes":     {clusterBinding("system:public-info-viewer", "system:public-info-viewer"), group("system:authenticated"), true},
		"another group":             {clusterBinding("system:public-info-viewer", "system:public-info-viewer"), group("dev"), false},
		"the same for another role": {clusterBinding("system:public-info-viewer", "cluster-admin"), group("system:authenticated"), false},
		"the same in a binding of another name": {
			clusterBinding("open", "system:public-info-viewer"), group("system:authenticated"), false,
		},
		"a user that is called like the group": {
			clusterBinding("cluster-admin", "cluster-admin"), rbac.Subject{Kind: rbacv1.UserKind, Name: "system:masters"}, false,
		},
		"a controller's ServiceAccount": {
			clusterBinding("system:controller:job-controller", "system:controller:job-controller"),
			rbac.ServiceAccount("kube-system", "job-controller"), true,
		},
		"no binding": {nil, group("system:masters"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Names(c.binding, c.subject); got != c.want {
				t.Errorf("Names: %v", got)
			}
		})
	}
}

func TestKubernetesNamesAllSubjectsOfItsBindings(t *testing.T) {
	for ref, forms := range known().bindings {
		for _, form := range forms {
			made := form.binding()
			for _, holder := range made.Holders() {
				if !Names(made, holder) {
					t.Errorf("%s: %s", ref, holder)
				}
			}
		}
	}
}
