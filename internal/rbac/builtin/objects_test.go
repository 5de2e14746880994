package builtin_test

import (
	"testing"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
)

func TestTheObjectsOfKubernetesAreKnownByThemselves(t *testing.T) {
	var roles []*rbac.Role
	bindings := 0
	for _, obj := range builtin.Objects() {
		if role, is := rbac.RoleOf(obj); is {
			roles = append(roles, role)
		}
		if binding, is := rbac.BindingOf(obj); is {
			bindings++
			if standing, words := builtin.BindingStanding(binding); standing != builtin.Known {
				t.Errorf("%s: %s", binding.Ref, words)
			}
		}
	}
	rbac.Aggregate(roles)
	for _, role := range roles {
		if standing, words := builtin.RoleStanding(role, roles); standing != builtin.Known {
			t.Errorf("%s: %s", role.Ref, words)
		}
	}
	if len(roles) < 50 || bindings < 50 {
		t.Errorf("%d roles and %d bindings, want those of a cluster", len(roles), bindings)
	}
}

func TestTheRulesOfAggregatedRolesCanBeGathered(t *testing.T) {
	var roles []*rbac.Role
	for _, obj := range builtin.Objects() {
		if role, is := rbac.RoleOf(obj); is {
			roles = append(roles, role)
		}
	}
	rbac.Aggregate(roles)
	var view, edit, admin int
	for _, role := range roles {
		switch role.Ref.Name {
		case "view":
			view = len(role.Rules)
		case "edit":
			edit = len(role.Rules)
		case "admin":
			admin = len(role.Rules)
		}
	}
	if view == 0 || edit <= view || admin <= edit {
		t.Errorf("view has %d rules, edit %d, admin %d: each must have those of the one before, and more", view, edit, admin)
	}
}
