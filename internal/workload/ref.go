// Package workload knows the kinds whose pods are judged. It holds the only switch over kinds and the only loop
// over containers: everything else sees a Workload.
package workload

import (
	"strconv"
	"strings"

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
		return r.Local()
	}
	return r.Kind + " " + r.Namespace + "/" + Quoted(r.Name)
}

// Local returns the name without the namespace, such as "Deployment api".
func (r Ref) Local() string { return r.Kind + " " + Quoted(r.Name) }

// Quoted returns a name as it stands in sentences. Names of roles, bindings, users and groups may hold nearly anything, also
// what reads like the rest of a sentence, or like another name: such a name is quoted.
func Quoted(name string) string {
	for i := range len(name) {
		if c := name[i]; !isPlain(c) {
			return strconv.Quote(name)
		}
	}
	return name
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._:@/-", c) >= 0
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
