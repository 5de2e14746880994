package rbac_test

import (
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// edit is about as large as the roles that Kubernetes brings for people.
func edit() []rbacv1.PolicyRule {
	var all []rbacv1.PolicyRule
	for i := range 15 {
		all = append(all, rbacv1.PolicyRule{
			Verbs:     []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"},
			APIGroups: []string{fmt.Sprintf("g%d.example.com", i)}, Resources: many("resources", 10),
		})
	}
	return all
}

func BenchmarkMatching(b *testing.B) {
	wanted := []rbac.Capability{{Verbs: []string{"get", "list", "watch"}, Resources: []string{"secrets"}}}
	for name, of := range map[string][]rbacv1.PolicyRule{"nothing": edit(), "secrets": append(edit(), rules("get core secrets")...)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rbac.Matching(of, wanted)
			}
		})
	}
}

// A subject that 3,000 bindings name, each with 5,000 others.
func BenchmarkGrants(b *testing.B) {
	view := role("", "view")
	crowd := make([]rbacv1.Subject, 5000)
	for i := range crowd {
		crowd[i] = account("shop", fmt.Sprintf("a%d", i))
	}
	var bindings []*rbac.Binding
	for i := range 3000 {
		bindings = append(bindings, bind(fmt.Sprintf("n%d", i%100), fmt.Sprintf("b%d", i), view, crowd...))
	}
	subject := rbac.ServiceAccount("shop", "a1")
	naming := func(key rbac.Subject) ([]*rbac.Binding, error) {
		if key == subject {
			return bindings, nil
		}
		return nil, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rbac.Grants(subject, naming, func(workload.Ref) (*rbac.Role, error) { return view, nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPermissions(b *testing.B) {
	of := edit()
	b.ReportAllocs()
	for b.Loop() {
		rbac.Permissions(of)
	}
}

func BenchmarkExcess(b *testing.B) {
	r := role("", "edit")
	r.Rules = edit()
	grants := granted(rbac.Subject{Kind: "User", Name: "jane"}, []*rbac.Binding{bind("shop", "b", r, user("jane"))}, r)
	ceilings := []rbac.Ceiling{{Rules: edit()}}
	b.ReportAllocs()
	for b.Loop() {
		for range rbac.Excess(grants, ceilings) {
			b.Fatal("something exceeds")
		}
	}
}
