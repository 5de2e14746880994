package checks

import (
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// What is not shown must be a finding too: else it would pass once an exception covers all that is.
func TestNoRoleAndNoBindingMakesFindingsWithoutBound(t *testing.T) {
	role := &rbac.Role{Ref: workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: "wide"}}
	var grants []rbac.Grant
	for i := range 100 {
		name := fmt.Sprintf("n%03d", i)
		role.Rules = append(role.Rules, rbacv1.PolicyRule{
			Verbs: []string{"impersonate"}, APIGroups: []string{authentication}, Resources: []string{"userextras/" + name},
		})
		grants = append(grants, rbac.Grant{Role: role, Binding: &rbac.Binding{
			Ref: workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding", Name: name},
		}})
	}
	binding := &rbac.Binding{Ref: workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding", Name: "wide"}, Role: role.Ref}
	for name, other := range map[string]engine.Other{
		"a role":            {Role: &engine.Role{Role: role, Reach: rbac.ClusterWide}},
		"a binding":         {Binding: &engine.Binding{Binding: binding, Grants: &engine.Role{Role: role, Standing: builtin.Known}}},
		"what a user holds": {Subject: &engine.Subject{Subject: rbac.Subject{Kind: rbacv1.UserKind, Name: "jane"}, Grants: grants}},
	} {
		t.Run(name, func(t *testing.T) {
			in := &engine.Input{Other: other, Baseline: "production"}
			findings := judgePermissions(in, v1alpha1.SeverityCritical, impersonation)
			if len(findings) != maxFound+1 {
				t.Fatalf("%d findings", len(findings))
			}
			if last := findings[maxFound]; last.Value != furtherOnes || last.Path == "" || last.Message == "" || last.Actual == "" {
				t.Errorf("the last is %+v", last)
			}
			for _, f := range findings[:maxFound] {
				if f.Value == furtherOnes {
					t.Errorf("more than one stands for others: %+v", f)
				}
			}
		})
	}
}

func TestSeverityIsNeverLowerThanLow(t *testing.T) {
	for name, test := range map[string]struct {
		severity v1alpha1.Severity
		steps    int
		want     v1alpha1.Severity
	}{
		"in the whole cluster":           {v1alpha1.SeverityCritical, 0, v1alpha1.SeverityCritical},
		"in a namespace":                 {v1alpha1.SeverityCritical, 1, v1alpha1.SeverityHigh},
		"in a namespace, held by nobody": {v1alpha1.SeverityHigh, 2, v1alpha1.SeverityLow},
		"further down there is nothing":  {v1alpha1.SeverityMedium, 2, v1alpha1.SeverityLow},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lower(test.severity, test.steps); got != test.want {
				t.Errorf("it is %s, not %s", got, test.want)
			}
		})
	}
}
