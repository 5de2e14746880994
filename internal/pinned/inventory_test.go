package pinned_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

func TestAnInventoryCoversWhatIsClosed(t *testing.T) {
	inventory, err := pinned.CompileInventory(pinned.Closed{
		Kinds:   []string{"ClusterRoleBinding", "RoleBinding", "Namespace", "ReplicaSet", "ClusterPolicy.kyverno.io", "Role.rbac.authorization.k8s.io"},
		Include: []string{"shop*"}, Exclude: []string{"shop-dev"},
		Ignore: []pinned.Ignore{
			{Name: "system:*"}, {Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"generated": "true"}}},
			{Name: "api-*", OwnedByController: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	const rbac = "rbac.authorization.k8s.io"
	for _, test := range []struct {
		name   string
		ref    workload.Ref
		labels map[string]string
		owned  bool
		want   bool
	}{
		{"an object of the cluster", workload.Ref{Group: rbac, Kind: "ClusterRoleBinding", Name: "admins"}, nil, false, true},
		{"a name that is ignored", workload.Ref{Group: rbac, Kind: "ClusterRoleBinding", Name: "system:node"}, nil, false, false},
		{"a namespace that is included", workload.Ref{Group: rbac, Kind: "RoleBinding", Namespace: "shop", Name: "a"}, nil, false, true},
		{"a namespace that is excluded", workload.Ref{Group: rbac, Kind: "RoleBinding", Namespace: "shop-dev", Name: "a"}, nil, false, false},
		{"another namespace", workload.Ref{Group: rbac, Kind: "RoleBinding", Namespace: "web", Name: "a"}, nil, false, false},
		{"a label that is ignored", workload.Ref{Group: rbac, Kind: "RoleBinding", Namespace: "shop", Name: "a"}, map[string]string{"generated": "true"}, false, false},
		{"a Namespace by its own name", workload.Ref{Kind: "Namespace", Name: "web"}, nil, false, false},
		{"a Namespace that is included", workload.Ref{Kind: "Namespace", Name: "shop-1"}, nil, false, true},
		{"what a controller made", workload.Ref{Group: "apps", Kind: "ReplicaSet", Namespace: "shop", Name: "api-1"}, nil, true, false},
		{"what nobody made", workload.Ref{Group: "apps", Kind: "ReplicaSet", Namespace: "shop", Name: "api-1"}, nil, false, true},
		{"what a controller made of another name", workload.Ref{Group: "apps", Kind: "ReplicaSet", Namespace: "shop", Name: "web-1"}, nil, true, true},
		{"a kind that is not closed", workload.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "api"}, nil, false, false},
		{"a kind of a policy engine", workload.Ref{Group: "kyverno.io", Kind: "ClusterPolicy", Name: "a"}, nil, false, true},
		{"a kind with its group", workload.Ref{Group: rbac, Kind: "Role", Namespace: "shop", Name: "a"}, nil, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := inventory.Covers(test.ref, test.labels, test.owned); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if len(inventory.Kinds()) != 6 {
		t.Errorf("got %v", inventory.Kinds())
	}
}

func TestAWrongInventoryIsRefused(t *testing.T) {
	wrong := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}}
	for _, test := range []struct {
		name   string
		closed pinned.Closed
		want   string
	}{
		{"no kinds", pinned.Closed{}, "kinds is empty"},
		{"an unknown kind", pinned.Closed{Kinds: []string{"Secret"}}, "kinds: Secret cannot be declared"},
		{"a kind of a policy engine without its group", pinned.Closed{Kinds: []string{"ClusterPolicy"}}, "with its group"},
		{"a kind with a wrong group", pinned.Closed{Kinds: []string{"Role.apps"}}, "Role.apps cannot be declared"},
		{"a wrong selector", pinned.Closed{Kinds: []string{"Role"}, Ignore: []pinned.Ignore{{Selector: wrong}}}, "ignore[0].selector"},
		{"everything is ignored", pinned.Closed{Kinds: []string{"Role"}, Ignore: []pinned.Ignore{{}}}, "ignore[0] says nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := pinned.CompileInventory(test.closed)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
