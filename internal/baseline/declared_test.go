package baseline_test

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

func declares(objects ...string) func(*v1alpha1.SecurityBaselineSpec) {
	return func(s *v1alpha1.SecurityBaselineSpec) {
		for _, text := range objects {
			s.Declared = append(s.Declared, v1alpha1.DeclaredObject{Object: runtime.RawExtension{Raw: []byte(text)}})
		}
	}
}

func closes(list v1alpha1.Inventory) func(*v1alpha1.SecurityBaselineSpec) {
	return func(s *v1alpha1.SecurityBaselineSpec) { s.Inventory = []v1alpha1.Inventory{list} }
}

const (
	declaredRole    = `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"namespace": "shop", "name": "api"}}`
	declaredAccount = `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": "shop", "name": "api"}}`
)

var roleRef = workload.Ref{Group: "rbac.authorization.k8s.io", Kind: "Role", Namespace: "shop", Name: "api"}

func TestWhatCannotBeDeclaredIsToldWithItsPlace(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.SecurityBaselineSpec)
		wants  []string
	}{
		"an object that is none":      {declares(""), []string{"spec.declared[0].object: there is no object"}},
		"a kind that is not watched":  {declares(declaredRole, `{"apiVersion": "v1", "kind": "Secret"}`), []string{"spec.declared[1].object: kind Secret of v1 cannot be declared"}},
		"one object twice":            {declares(declaredRole, declaredAccount, declaredRole), []string{"spec.declared[2].object: Role shop/api is declared twice"}},
		"all that is wrong, at once":  {declares("", declaredRole, "[]"), []string{"spec.declared[0].object: ", "spec.declared[2].object: "}},
		"a match that there is not":   {func(s *v1alpha1.SecurityBaselineSpec) { declares(declaredRole)(s); s.Declared[0].Match = "Like" }, []string{`spec.declared[0].object: match is "Like"`}},
		"a list of a kind of nothing": {closes(v1alpha1.Inventory{Kinds: []v1alpha1.InventoryKind{"Secret"}}), []string{"spec.inventory[0]: kinds: Secret cannot be declared"}},
		"a selector of no sense": {closes(v1alpha1.Inventory{Kinds: []v1alpha1.InventoryKind{"Role"}, Ignore: []v1alpha1.IgnoredObjects{
			{Selector: selector("a b", "c")}}}), []string{"spec.inventory[0]: ignore[0].selector: "}},
	} {
		t.Run(name, func(t *testing.T) {
			b := compiled(test.change)
			if !b.Invalid() {
				t.Fatal("it is valid")
			}
			for _, want := range test.wants {
				if !strings.Contains(b.Frozen, want) {
					t.Errorf("%q does not say %q", b.Frozen, want)
				}
			}
		})
	}
}

func TestWhatIsDeclaredAndClosedIsKnownByItsName(t *testing.T) {
	closed := closes(v1alpha1.Inventory{Kinds: []v1alpha1.InventoryKind{"ClusterRoleBinding"}})
	b := compiled(func(s *v1alpha1.SecurityBaselineSpec) { declares(declaredRole)(s); closed(s) })
	if b.Frozen != "" {
		t.Fatal(b.Frozen)
	}
	if got := b.Declares(); !slices.Equal(got, []workload.Ref{roleRef}) || b.Pin(roleRef) == nil {
		t.Errorf("it declares %v", got)
	}
	other := roleRef
	other.Name = "web"
	if b.Pin(other) != nil {
		t.Errorf("it declares %s, too", other)
	}
	for kind, want := range map[string]bool{"Role": true, "ClusterRoleBinding": true, "ClusterRole": false} {
		if b.Names(kind) != want {
			t.Errorf("Names(%s) = %v", kind, !want)
		}
	}
	if !b.Closes(workload.Bindings) || b.Closes(workload.Roles) {
		t.Error("the list of bindings is closed, and no other")
	}
}

// Only the list of the kind is closed: a RoleBinding is not covered because that of ClusterRoleBindings is.
func TestAClosedListCoversItsKindInTheScope(t *testing.T) {
	binding := func(kind, namespace string) workload.Ref {
		return workload.Ref{Group: "rbac.authorization.k8s.io", Kind: kind, Namespace: namespace, Name: "api"}
	}
	for name, test := range map[string]struct {
		ref   workload.Ref
		scope v1alpha1.Scope
		want  baseline.Coverage
	}{
		"an object of the kind":            {ref: binding("RoleBinding", "shop"), want: baseline.Covered},
		"an object of another kind":        {ref: binding("ClusterRoleBinding", ""), want: baseline.NotCovered},
		"one in a namespace beyond":        {ref: binding("RoleBinding", "web"), scope: names([]string{"shop"}, nil), want: baseline.NotCovered},
		"one of a kind that is not chosen": {ref: binding("RoleBinding", "shop"), scope: v1alpha1.Scope{Kinds: []v1alpha1.JudgedKind{"Pod"}}, want: baseline.NotCovered},
	} {
		t.Run(name, func(t *testing.T) {
			b := compiled(func(s *v1alpha1.SecurityBaselineSpec) {
				s.Scope = test.scope
				closes(v1alpha1.Inventory{Kinds: []v1alpha1.InventoryKind{"RoleBinding"}})(s)
			})
			if got := b.Covers(test.ref, nil, baseline.Namespace{}); got != test.want {
				t.Errorf("Covers = %v, want %v", got, test.want)
			}
		})
	}
}

func TestTheSetKnowsHowAnObjectIsDeclared(t *testing.T) {
	var none *baseline.Set
	if none.Declares(roleRef) != nil || none.Names(roleRef) {
		t.Error("no baseline declares nothing")
	}
	first, second := v1alpha1.SecurityBaseline{}, v1alpha1.SecurityBaseline{}
	first.Name, second.Name = "a", "b"
	declares(declaredRole)(&second.Spec)
	set := none.Update([]v1alpha1.SecurityBaseline{first, second}, []engine.Check{})
	if pin := set.Declares(roleRef); pin == nil || pin.Ref != roleRef || !set.Names(roleRef) {
		t.Errorf("declared as %v", pin)
	}
}
