package controllers

import (
	"context"
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestOnlyWhatVerdictsNameWakes(t *testing.T) {
	cilium := schema.GroupKind{Group: "cilium.io", Kind: "CiliumNetworkPolicy"}
	wide := schema.GroupKind{Group: "cilium.io", Kind: "CiliumClusterwideNetworkPolicy"}
	calico := schema.GroupKind{Group: "crd.projectcalico.org", Kind: "NetworkPolicy"}
	aggregated := schema.GroupKind{Group: "projectcalico.org", Kind: "NetworkPolicy"}
	var woken []string
	e := newEngines(nil)
	e.changed = func(namespace string) { woken = append(woken, namespace) }
	for _, kind := range []schema.GroupKind{cilium, wide, calico, aggregated} {
		e.followed[kind] = func() {}
	}
	policy := func(kind schema.GroupKind, namespace, name string, is bool) {
		e.put(kind, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}, is)
	}
	expect := func(step, first string, wakes ...string) {
		t.Helper()
		if got := e.first("shop"); got != first || !reflect.DeepEqual(woken, wakes) {
			t.Errorf("%s: got %q and woke %q, want %q and %q", step, got, woken, first, wakes)
		}
		woken = nil
	}
	policy(cilium, "shop", "b", true)
	expect("the first of a namespace", "CiliumNetworkPolicy shop/b", "shop")
	policy(cilium, "shop", "c", true)
	expect("one more that nobody names", "CiliumNetworkPolicy shop/b")
	policy(cilium, "shop", "b", true)
	expect("the same again", "CiliumNetworkPolicy shop/b")
	policy(cilium, "shop", "a", true)
	expect("one that is named", "CiliumNetworkPolicy shop/a", "shop")
	policy(wide, "", "x", true)
	expect("the first of the cluster", "CiliumClusterwideNetworkPolicy x", "")
	policy(wide, "", "y", true)
	expect("the second of the cluster", "CiliumClusterwideNetworkPolicy x")
	policy(cilium, "shop", "0", true)
	expect("one of a namespace that the cluster's comes before", "CiliumClusterwideNetworkPolicy x")
	policy(wide, "", "y", false)
	expect("the second of the cluster goes", "CiliumClusterwideNetworkPolicy x")
	policy(wide, "", "x", false)
	expect("the last of the cluster goes", "CiliumNetworkPolicy shop/0", "")
	for _, name := range []string{"0", "a", "b", "c"} {
		policy(cilium, "shop", name, false)
	}
	expect("all of the namespace go", "", "shop", "shop", "shop", "shop")
	policy(calico, "shop", "web", true)
	policy(aggregated, "shop", "web", true)
	policy(aggregated, "shop", "web", false)
	expect("two groups call a kind alike, and one goes", "NetworkPolicy shop/web", "shop")
	e.note(wide, context.DeadlineExceeded)
	expect("a kind that cannot be read", "CiliumClusterwideNetworkPolicy of cilium.io, which cannot be read,", "")
	delete(e.followed, calico)
	policy(calico, "shop", "late", true)
	expect("one whose definition has gone", "CiliumClusterwideNetworkPolicy of cilium.io, which cannot be read,")
}
