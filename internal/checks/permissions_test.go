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
			wantBounded(t, judgePermissions(in, v1alpha1.SeverityCritical, impersonation))
		})
	}
}

func TestNobodyWhoHoldsEverythingMakesFindingsWithoutBound(t *testing.T) {
	everything := func(verbs ...string) *rbac.Role {
		return &rbac.Role{Rules: []rbacv1.PolicyRule{{Verbs: verbs, APIGroups: []string{"*"}, Resources: []string{"*"}}}}
	}
	in := func(grants ...rbac.Grant) *engine.Input {
		declared := &v1alpha1.SecurityBaselineSpec{}
		declared.RBAC.ClusterAdmin = &v1alpha1.ClusterAdmin{}
		return &engine.Input{Baseline: "production", Declared: declared, Other: engine.Other{
			Subject: &engine.Subject{Subject: rbac.Subject{Kind: rbacv1.UserKind, Name: "jane"}, Grants: grants},
		}}
	}
	granted := func(role *rbac.Role, namespace, name string) rbac.Grant {
		kind := "RoleBinding"
		if namespace == "" {
			kind = "ClusterRoleBinding"
		}
		return rbac.Grant{Role: role, Binding: &rbac.Binding{
			Ref: workload.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: namespace, Name: name},
		}}
	}
	var same, each, halves []rbac.Grant
	halves = append(halves, granted(everything("get", "list", "watch"), "", "read"))
	for i := range 100 {
		name := fmt.Sprintf("n%03d", i)
		same = append(same, granted(everything("*"), "shop", name))
		each = append(each, granted(everything("*"), name, "admin"))
		halves = append(halves, granted(everything("create", "update", "patch", "delete"), name, "write"))
	}
	for name, grants := range map[string][]rbac.Grant{
		"many bindings in a namespace":        same,
		"a binding in each of many":           each,
		"two halves together in each of many": halves,
	} {
		t.Run(name, func(t *testing.T) {
			wantBounded(t, holdsEverything(in(grants...)))
			if findings := holdsEverything(in(grants[:maxFound]...)); findings[len(findings)-1].Value == furtherOnes {
				t.Errorf("of %d bindings one stands for others: %+v", maxFound, findings[len(findings)-1])
			}
		})
	}
	worst := holdsEverything(in(append([]rbac.Grant{granted(everything("get", "list", "watch"), "", "a"), granted(everything("create", "update", "patch", "delete"), "", "b")}, each...)...))
	if worst[0].Path != "bindings" || worst[0].Severity != v1alpha1.SeverityCritical {
		t.Errorf("what many bindings give in namespaces hides what two give in the whole cluster: %+v", worst[0])
	}
}

func wantBounded(t *testing.T, findings []engine.Finding) {
	t.Helper()
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
}

// What is looked for in a role makes something, here, though it finds nothing: a second binding of the role makes no more of it.
func TestARoleIsGoneThroughOnceHoweverManyBindingsGrantIt(t *testing.T) {
	role := &rbac.Role{Rules: []rbacv1.PolicyRule{{
		Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"a", "b"},
	}}}
	made := func(bindings int) float64 {
		var grants []rbac.Grant
		for i := range bindings {
			grants = append(grants, rbac.Grant{Role: role, Binding: &rbac.Binding{Ref: workload.Ref{Namespace: fmt.Sprint("n", i), Name: "b"}}})
		}
		in := &engine.Input{Other: engine.Other{Subject: &engine.Subject{Subject: rbac.Subject{Kind: rbacv1.UserKind, Name: "jane"}, Grants: grants}}}
		return testing.AllocsPerRun(5, func() {
			if found := heldBy(in, grants, v1alpha1.SeverityCritical, accessToSecrets); len(found) > 0 {
				t.Errorf("found %v", found)
			}
		})
	}
	if few, many := made(20), made(3000); few == 0 || many > few+5 {
		t.Errorf("20 bindings make %v objects, 3000 make %v", few, many)
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
