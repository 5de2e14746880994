package facts_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/facts"
)

func TestObjectsWithoutATypeAreToldApartByTheirKinds(t *testing.T) {
	raw := func(group, kind string) *unstructured.Unstructured {
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
		return obj
	}
	named := func(obj *unstructured.Unstructured) *unstructured.Unstructured {
		obj.SetName("one")
		obj.SetLabels(map[string]string{"is": obj.GetKind() + "." + obj.GroupVersionKind().Group})
		return obj
	}
	memory := facts.NewMemory([]client.Object{
		named(raw("kyverno.io", "ClusterPolicy")), named(raw("kyverno.io", "ClusterCleanupPolicy")), named(raw("example.com", "ClusterPolicy")),
	})
	for _, kind := range []schema.GroupKind{
		{Group: "kyverno.io", Kind: "ClusterPolicy"}, {Group: "kyverno.io", Kind: "ClusterCleanupPolicy"}, {Group: "example.com", Kind: "ClusterPolicy"},
	} {
		got := raw(kind.Group, kind.Kind)
		if err := memory.Get(t.Context(), client.ObjectKey{Name: "one"}, got); err != nil || got.GetLabels()["is"] != kind.String() {
			t.Errorf("of %s it holds %v, and error %v", kind, got.Object, err)
		}
	}
	if err := memory.Get(t.Context(), client.ObjectKey{Name: "one"}, raw("kyverno.io", "Policy")); !apierrors.IsNotFound(err) {
		t.Errorf("of a kind that it does not hold it says %v", err)
	}
}
