package facts

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/workload"
)

// OwnerIndex is the field index of objects by the controller that made them, where its kind is not watched.
const OwnerIndex = "plumbline.dev/unwatched-owner"

// IndexOwner returns the keys of an object in OwnerIndex.
func IndexOwner(obj client.Object) []string {
	owner, owned := workload.Owner(obj)
	if !owned {
		return nil
	}
	ref := workload.RefTo(owner, obj.GetNamespace())
	if workload.Watched(ref) {
		return nil
	}
	return []string{ownerKey(ref)}
}

func ownerKey(owner workload.Ref) string {
	return owner.GroupKind().String() + "/" + owner.Name
}

// List returns the objects of a kind.
func List(ctx context.Context, reader client.Reader, kind workload.Kind, options ...client.ListOption) ([]workload.Workload, error) {
	list, ok := kind.NewList().(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("%s has no list", kind.Kind)
	}
	if err := reader.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("list %s: %w", kind.Resource, err)
	}
	var workloads []workload.Workload
	err := meta.EachListItem(list, func(obj runtime.Object) error {
		w, _ := workload.Of(obj)
		workloads = append(workloads, w)
		return nil
	})
	return workloads, err
}
