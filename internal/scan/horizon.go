package scan

import (
	"maps"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/workload"
)

// horizon says how far is seen: of what is beyond it nobody knows whether it is there.
type horizon struct {
	// live says that a cluster was read, and whole that it was all of it.
	live, whole bool
	// server is the minor version of the API server; 0 where it is not known.
	server int
	// namespaces are those of which all is seen: whoever gives a Namespace gives what is in it.
	namespaces map[string]bool
	// policies and workloads are the namespaces of which some are seen.
	policies, workloads map[string]bool
	// accounts are the ServiceAccounts that are seen, and rbac says that a role or a binding is.
	accounts map[workload.Ref]bool
	rbac     bool

	// denied says of kinds why nothing is known of them, such as that they may not be listed; refused of single objects.
	denied  map[schema.GroupKind]string
	refused map[workload.Ref]string
	// others are the policies of other engines that are seen.
	others otherPolicies
}

// readable says whether the objects of a kind are seen.
func (h *horizon) readable(gk schema.GroupKind) bool { return h.denied[gk] == "" }

func (h *horizon) clone() horizon {
	next := *h
	next.namespaces = maps.Clone(h.namespaces)
	next.policies, next.workloads = map[string]bool{}, map[string]bool{}
	next.accounts = map[workload.Ref]bool{}
	if next.namespaces == nil {
		next.namespaces = map[string]bool{}
	}
	return next
}

// see takes down an object.
func (h *horizon) see(one *given) {
	switch class, _ := workload.ClassOf(one.ref.GroupKind()); class {
	case workload.Pods:
		h.workloads[one.ref.Namespace] = true
	case workload.Roles, workload.Bindings:
		h.rbac = true
	case workload.Subjects:
		h.accounts[one.ref] = true
	case workload.Policies:
		h.policies[one.ref.Namespace] = true
	case workload.Namespaces:
		if !h.live {
			h.namespaces[one.ref.Name] = true
		}
	}
}

// sees says whether all of a namespace is seen; the empty one is the cluster as such.
func (h *horizon) sees(namespace string) bool {
	if namespace == "" {
		return h.live
	}
	return h.whole || h.namespaces[namespace]
}
