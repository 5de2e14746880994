package baseline_test

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/workload"
)

func TestSubjectsThatACeilingCallsByNameAreAskedFor(t *testing.T) {
	sb := v1alpha1.SecurityBaseline{}
	sb.Name, sb.UID = "production", "1"
	sb.Spec.RBAC.PermissionCeilings = []v1alpha1.PermissionCeiling{{Subjects: []v1alpha1.SubjectPattern{
		{Kind: "User", Name: "jane"}, {Kind: "Group", Name: "ops"}, {Kind: "User", Name: "*@example.com"},
		{Kind: "User", Name: "system:serviceaccount:shop:api"}, {Kind: "ServiceAccount", Namespace: "shop", Name: "api"},
	}}}
	set := (*baseline.Set)(nil).Update([]v1alpha1.SecurityBaseline{sb}, nil)
	for name, want := range map[string]bool{"jane": true, "joe": false, "*@example.com": false, "system:serviceaccount:shop:api": false} {
		if set.Asks(workload.Ref{Group: rbacv1.GroupName, Kind: "User", Name: name}) != want {
			t.Errorf("User %s is asked for: %v", name, !want)
		}
	}
	if n := len(set.Get("production").Subjects()); n != 2 {
		t.Errorf("%d subjects are called by name, not jane and ops", n)
	}
}
