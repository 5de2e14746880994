package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/snapshot"
	"plumbline.dev/plumbline/internal/workload"
)

// agreedBindings makes each namespace of the inventory scenario 100 objects, with its 14 ServiceAccounts and 24 Roles.
const agreedBindings = 62

// inventoryScenario is 10,000 ServiceAccounts, Roles and RoleBindings in 100 namespaces, all of which a snapshot declares: one
// baseline for each namespace, which closes the lists of the three kinds. A RoleBinding that nobody declared comes, is reported,
// and is deleted again, one at a time.
func inventoryScenario(scale float64) (*scenario, error) {
	t := teams{namespaces: scaled(100, scale), users: 90, groups: 10}
	load := [][]client.Object{t.accounts(), t.roles(), t.agreed()}
	baselines, err := t.snapshot(load)
	if err != nil {
		return nil, err
	}
	return &scenario{
		name:      "inventories",
		baselines: baselines,
		ground:    [][]client.Object{t.namespaceObjects()},
		load:      load,
		sizes: map[string]int{"namespaces": t.namespaces, "accounts": len(load[0]), "roles": len(load[1]), "bindings": len(load[2]),
			"baselines": len(baselines)},
		compliant: true,
		changes:   100,
		change:    t.smuggle,
		undo:      t.withdraw,
	}, nil
}

// accounts are the ServiceAccounts of each namespace.
func (t teams) accounts() []client.Object {
	var objects []client.Object
	for i := range t.namespaces {
		for j := range teamAccounts {
			objects = append(objects, &corev1.ServiceAccount{ObjectMeta: in(teamOf(i), accountOf(j))})
		}
	}
	return objects
}

// agreed are the RoleBindings of each namespace.
func (t teams) agreed() []client.Object {
	var objects []client.Object
	for i := range t.namespaces {
		for j := range agreedBindings {
			objects = append(objects, t.binding(i, j))
		}
	}
	return objects
}

// snapshot returns the baselines that plumbline snapshot writes of the objects.
func (t teams) snapshot(parts [][]client.Object) ([]*v1alpha1.SecurityBaseline, error) {
	kinds := []schema.GroupVersionKind{
		corev1.SchemeGroupVersion.WithKind(rbacv1.ServiceAccountKind),
		rbacv1.SchemeGroupVersion.WithKind("Role"),
		rbacv1.SchemeGroupVersion.WithKind("RoleBinding"),
	}
	s, err := snapshot.New(snapshot.Options{Name: "agreed", Kinds: kinds, Inventory: true})
	if err != nil {
		return nil, err
	}
	for i := range t.namespaces {
		s.AddNamespace(teamOf(i))
	}
	for i, part := range parts {
		for _, object := range part {
			if err := s.Add(kinds[i], object.DeepCopyObject()); err != nil {
				return nil, err
			}
		}
	}
	return baselinesOf(s)
}

// baselinesOf reads what a snapshot writes. What it leaves out, or does not close, is an error: it would not be measured.
func baselinesOf(s *snapshot.Snapshot) ([]*v1alpha1.SecurityBaseline, error) {
	var all []*v1alpha1.SecurityBaseline
	for document, err := range s.Documents() {
		if err != nil {
			return nil, err
		}
		one := &v1alpha1.SecurityBaseline{}
		if err := yaml.UnmarshalStrict(document.Text, one); err != nil {
			return nil, fmt.Errorf("baseline %s: %w", document.Name, err)
		}
		all = append(all, one)
	}
	if notes := s.Notes(); len(notes) > 0 {
		return nil, fmt.Errorf("the snapshot does not hold everything: %v", notes)
	}
	return all, nil
}

// smuggled is the i-th RoleBinding that nobody declared.
func (t teams) smuggled(i int) *rbacv1.RoleBinding {
	namespace := teamOf(i % t.namespaces)
	return &rbacv1.RoleBinding{
		ObjectMeta: in(namespace, fmt.Sprintf("smuggled-%03d", i)), RoleRef: role(debugRole),
		Subjects: []rbacv1.Subject{serviceAccount(namespace, accountOf(0))},
	}
}

func smuggledRef(binding *rbacv1.RoleBinding) []workload.Ref {
	return []workload.Ref{{Group: rbacv1.GroupName, Kind: "RoleBinding", Namespace: binding.Namespace, Name: binding.Name}}
}

// smuggle creates a binding that nobody declared. It touches the binding alone: no baseline asks what it allows.
func (t teams) smuggle(ctx context.Context, c client.Client, i int) (effect, error) {
	binding := t.smuggled(i)
	err := c.Create(ctx, binding)
	return effect{acknowledged: now(), touched: 1, reports: smuggledRef(binding), state: v1alpha1.StateDrifted}, err
}

// withdraw deletes it, and its report goes with it.
func (t teams) withdraw(ctx context.Context, c client.Client, i int) (effect, error) {
	binding := t.smuggled(i)
	err := c.Delete(ctx, binding)
	return effect{acknowledged: now(), reports: smuggledRef(binding), state: noReport}, err
}
