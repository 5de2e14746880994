package engine

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/guardrail"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// Other is an object that is judged and is no workload: one of Role, Binding, Subject, Policy and Namespace is set.
type Other struct {
	// Labels are those of the object.
	Labels map[string]string
	// Role is set where a Role or a ClusterRole is judged.
	Role *Role
	// Binding is set where a RoleBinding or a ClusterRoleBinding is judged.
	Binding *Binding
	// Subject is set where a ServiceAccount, a user or a group is judged.
	Subject *Subject
	// Policy is set where a NetworkPolicy is judged.
	Policy *Policy
	// Namespace is set where a namespace is judged.
	Namespace *Namespace
	// Guardrail is set where what keeps drift out of the cluster is judged.
	Guardrail *Guardrail
	// Absent is set where a baseline declares an object that is not there, or that another one stands for: it is held against
	// how it is declared, and against nothing else.
	Absent *workload.Ref
	// Live is the object as caches hold it, which is held against how it is declared; nil where it is not there.
	Live runtime.Object
	// Owned says that the object names a controller that made it.
	Owned bool
	// Unreadable says of facts that could not be read, why.
	Unreadable map[Need]string
	// Partial says of facts that are known in part, why.
	Partial map[Need]string
}

// Guardrail is what is judged of what keeps drift out of the cluster.
type Guardrail struct {
	Ref workload.Ref
	// Weak is where it lets things through now, and Gained what of that came to be while somebody watched.
	Weak, Gained []guardrail.Weakness
}

// Role is what is judged of a Role or a ClusterRole.
type Role struct {
	*rbac.Role
	// Standing says whether Kubernetes itself makes the role, and Modified in words what of it is not as it makes it.
	Standing builtin.Standing
	Modified string
	// Gained is what a modified one allows beyond what Kubernetes makes it allow, and Passing says that this may be gone in a
	// moment.
	Gained  []rbacv1.PolicyRule
	Passing bool
	// Reach is how far the bindings of the role carry what it allows.
	Reach rbac.Reach
}

// BuiltIn says whether Kubernetes itself makes the role, and it allows no more than that. It may allow less.
func (r *Role) BuiltIn() bool {
	return r.Standing == builtin.Known || r.Standing == builtin.Modified && len(r.Gained) == 0
}

// Binding is what is judged of a RoleBinding or a ClusterRoleBinding.
type Binding struct {
	*rbac.Binding
	// Whom are those that it names, each once: its Holders, made ready because most checks ask for them, and a binding may name
	// thousands.
	Whom []rbac.Subject
	// Grants is the role that it binds; nil when there is none.
	Grants *Role
	// Standing says whether Kubernetes itself makes the binding, and Modified in words what of it is not as it makes it.
	Standing builtin.Standing
	Modified string
	// Missing are the ServiceAccounts that it names and that are not there.
	Missing []rbac.Subject
}

// Subject is what is judged of a ServiceAccount, a user or a group.
type Subject struct {
	rbac.Subject
	// Grants are what gives it permissions, except for what Kubernetes itself grants.
	Grants []rbac.Grant
}

// Policy is what is judged of a NetworkPolicy.
type Policy struct {
	*network.Policy
	// Selects says whether it selects the pods of any workload, under NeedWorkloads.
	Selects bool
}

// Namespace is what is judged of a namespace.
type Namespace struct {
	Ref workload.Ref
	// Labels are those of the namespace.
	Labels map[string]string
	// Policies are its NetworkPolicies, in the order of their names, under NeedNetwork.
	Policies []*network.Policy
	// Workloads are those in it that stand for themselves, under NeedWorkloads.
	Workloads []workload.Workload
	// Server is the minor version of the API server, 36 for v1.36; 0 where it is not known.
	Server int
}

// Ref names the object that is judged.
func (in *Input) Ref() workload.Ref {
	switch {
	case in.Role != nil:
		return in.Role.Ref
	case in.Binding != nil:
		return in.Binding.Ref
	case in.Subject != nil:
		return in.Subject.Ref()
	case in.Policy != nil:
		return in.Policy.Ref
	case in.Namespace != nil:
		return in.Namespace.Ref
	case in.Guardrail != nil:
		return in.Guardrail.Ref
	case in.Absent != nil:
		return *in.Absent
	}
	return in.Workload.Ref
}

// ObjectLabels are the labels of the object that is judged.
func (in *Input) ObjectLabels() map[string]string {
	if in.Workload.Meta != nil {
		return in.Workload.Meta.Labels
	}
	return in.Labels
}
