package scan

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

// otherPolicies are the policies of other engines than NetworkPolicies: that there are any is enough to know that NetworkPolicies
// are not all.
type otherPolicies struct {
	// first is the first by name of each namespace, and under "" of those that may decide in every one. Verdicts name no other.
	first map[string]string
	count int
}

// add takes down a policy.
func (o *otherPolicies) add(kind schema.GroupKind, policy client.Object) {
	ref := workload.Ref{Group: kind.Group, Kind: kind.Kind, Namespace: policy.GetNamespace(), Name: policy.GetName()}
	o.note(ref.Namespace, ref.String())
	o.count++
}

// unreadable takes down that a kind of policies may not be listed: there may be some everywhere.
func (o *otherPolicies) unreadable(kind schema.GroupKind) {
	o.note("", fmt.Sprintf("%s of %s, which cannot be read,", kind.Kind, kind.Group))
}

func (o *otherPolicies) note(namespace, what string) {
	if o.first == nil {
		o.first = map[string]string{}
	}
	if first, is := o.first[namespace]; !is || what < first {
		o.first[namespace] = what
	}
}

// in returns the first of what may have a say in a namespace.
func (o *otherPolicies) in(namespace string) []string {
	wide, own := o.first[""], o.first[namespace]
	switch {
	case wide == "" && own == "":
		return nil
	case wide == "" || own != "" && own < wide:
		return []string{own}
	}
	return []string{wide}
}

// listOtherPolicies takes down the policies of other engines. A kind that may not be listed counts as one with policies everywhere.
func (w *world) listOtherPolicies(ctx context.Context, reader client.Client, namespace string) error {
	for _, kind := range network.OtherPolicyKinds {
		policies, err := policiesOf(ctx, reader, kind, namespace)
		switch {
		case apierrors.IsForbidden(err):
			w.seen.others.unreadable(kind)
		case err != nil:
			return fmt.Errorf("list %s: %w", kind, err)
		}
		for i := range policies {
			w.seen.others.add(kind, &policies[i])
		}
	}
	return nil
}

// policiesOf lists a kind by its metadata, in whatever version it is served; nothing where it is not.
func policiesOf(
	ctx context.Context, reader client.Client, kind schema.GroupKind, namespace string,
) ([]metav1.PartialObjectMetadata, error) {
	mapping, err := reader.RESTMapper().RESTMapping(kind)
	if err != nil {
		if meta.IsNoMatchError(err) {
			return nil, nil
		}
		return nil, err
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(mapping.GroupVersionKind.GroupVersion().WithKind(kind.Kind + "List"))
	if network.IsClusterWide(kind) {
		namespace = ""
	}
	if err := reader.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return list.Items, nil
}
