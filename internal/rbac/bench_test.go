package rbac_test

import (
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
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

func BenchmarkGrants(b *testing.B) {
	view := role("", "view")
	var bindings []*rbac.Binding
	for i := range 10_000 {
		bindings = append(bindings, bind(fmt.Sprintf("n%d", i%100), fmt.Sprintf("b%d", i), view, account("", fmt.Sprintf("a%d", i/100)), group("dev")))
	}
	b.ReportAllocs()
	for b.Loop() {
		rbac.Grants(rbac.ServiceAccount("n1", "a1"), bindings, among(view))
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
	grants := rbac.Grants(rbac.Subject{Kind: "User", Name: "jane"}, []*rbac.Binding{bind("shop", "b", r, user("jane"))}, among(r))
	ceilings := []rbac.Ceiling{{Rules: edit()}}
	b.ReportAllocs()
	for b.Loop() {
		rbac.Excess(grants, ceilings)
	}
}
