// Package workload knows the kinds whose pods are judged. It holds the only switch over kinds and the only loop
// over containers: everything else sees a Workload.
package workload

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Ref names an object apart from its version. It is the identity of a target, and the key of the work queue.
type Ref struct {
	Group, Kind, Namespace, Name string
}

// String returns the name that people know the object by, such as "Deployment shop/api".
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// GroupKind returns the group and kind of the object.
func (r Ref) GroupKind() schema.GroupKind {
	return schema.GroupKind{Group: r.Group, Kind: r.Kind}
}

// RefTo returns the Ref of an owner of an object in the namespace.
func RefTo(owner metav1.OwnerReference, namespace string) Ref {
	// An unparsable apiVersion cannot pass the API server. Its group would be empty, which is still an identity.
	gv, _ := schema.ParseGroupVersion(owner.APIVersion)
	return Ref{Group: gv.Group, Kind: owner.Kind, Namespace: namespace, Name: owner.Name}
}
