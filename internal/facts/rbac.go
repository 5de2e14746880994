package facts

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// rbacBlind says which kind of RBAC cannot be read; empty when all can.
func (c *Cluster) rbacBlind() string {
	for _, kind := range ofClasses(workload.Roles | workload.Bindings) {
		if !c.Readable(kind.gk) {
			return cannotList + kind.resource()
		}
	}
	return ""
}

// Role returns a role as it is judged; nil when there is none.
func (c *Cluster) Role(ctx context.Context, ref workload.Ref) (*rbac.Role, error) {
	obj, err := c.object(ctx, ref)
	if obj == nil || err != nil {
		return nil, err
	}
	role, _ := rbac.RoleOf(obj)
	return role, nil
}

// object reads an object of RBAC, or another that is no workload, from the cache; nil when there is none, or when its kind
// cannot be read: a cache would wait for it.
func (c *Cluster) object(ctx context.Context, ref workload.Ref) (client.Object, error) {
	obj := newOther(ref.GroupKind())
	if obj == nil || !c.Readable(ref.GroupKind()) {
		return nil, nil
	}
	if err := c.Cache.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, obj); err != nil {
		return nil, ignoreNotFound(err, ref.String())
	}
	return obj, nil
}

// BindingsOf returns the bindings that name a subject.
func (c *Cluster) BindingsOf(ctx context.Context, subject rbac.Subject) ([]*rbac.Binding, error) {
	return c.bindings(ctx, client.MatchingFields{SubjectIndex: subjectKey(subject)})
}

// BindingsTo returns the bindings that bind a role.
func (c *Cluster) BindingsTo(ctx context.Context, role workload.Ref) ([]*rbac.Binding, error) {
	return c.bindings(ctx, client.MatchingFields{RoleIndex: roleKey(role)})
}

// bindings returns bindings; none while a kind of RBAC cannot be read, which is told with NeedRBAC.
func (c *Cluster) bindings(ctx context.Context, options ...client.ListOption) ([]*rbac.Binding, error) {
	if c.rbacBlind() != "" {
		return nil, nil
	}
	var bindings []*rbac.Binding
	var local rbacv1.RoleBindingList
	if err := c.Cache.List(ctx, &local, options...); err != nil {
		return nil, fmt.Errorf("list rolebindings: %w", err)
	}
	for i := range local.Items {
		binding, _ := rbac.BindingOf(&local.Items[i])
		bindings = append(bindings, binding)
	}
	var wide rbacv1.ClusterRoleBindingList
	if err := c.Cache.List(ctx, &wide, options...); err != nil {
		return nil, fmt.Errorf("list clusterrolebindings: %w", err)
	}
	for i := range wide.Items {
		binding, _ := rbac.BindingOf(&wide.Items[i])
		bindings = append(bindings, binding)
	}
	return bindings, nil
}

// Grants returns what gives a subject permissions, by itself or as a member of its groups, but for what Kubernetes itself
// grants it or them: whom it makes a binding name, what it makes the role allow.
func (c *Cluster) Grants(ctx context.Context, subject rbac.Subject) ([]rbac.Grant, error) {
	all, err := rbac.Grants(subject,
		func(key rbac.Subject) ([]*rbac.Binding, error) { return c.BindingsOf(ctx, key) },
		func(ref workload.Ref) (*rbac.Role, error) { return c.Role(ctx, ref) })
	if err != nil {
		return nil, err
	}
	var grants []rbac.Grant
	for _, grant := range all {
		whole := grant.Role
		if grant.Role, err = c.beyondKubernetes(ctx, grant); err != nil {
			return nil, err
		}
		if grant.Role != nil {
			grants = addGrant(grants, grant, whole)
		}
	}
	return grants, nil
}

// addGrant adds a grant of a role, or of a part of it. A binding may name a subject and groups of it; who looks at one grant of
// each binding looks at the first, so that one of the whole role comes before one of a part.
func addGrant(grants []rbac.Grant, one rbac.Grant, whole *rbac.Role) []rbac.Grant {
	at := len(grants)
	if one.Role == whole {
		for at > 0 && grants[at-1].Binding.Ref == one.Binding.Ref && grants[at-1].Role != whole {
			at--
		}
	}
	return slices.Insert(grants, at, one)
}

// beyondKubernetes returns what a grant gives that Kubernetes itself does not; nil for nothing. Who took somebody else out of the
// binding, or put somebody in, has not given anything to those who were there; who changed the role has given them what it
// allows since.
func (c *Cluster) beyondKubernetes(ctx context.Context, grant rbac.Grant) (*rbac.Role, error) {
	if !builtin.Names(grant.Binding, grant.Via) {
		return grant.Role, nil
	}
	standing, err := c.standing(ctx, grant.Role)
	if err != nil || standing.Standing == builtin.Foreign {
		return grant.Role, err
	}
	if len(standing.Gained) == 0 {
		return nil, nil
	}
	part := *grant.Role
	part.Rules = standing.Gained
	return &part, nil
}

// standing says how a role stands to the one that Kubernetes itself makes.
func (c *Cluster) standing(ctx context.Context, role *rbac.Role) (builtin.Comparison, error) {
	changes := c.rbacChanges.Load()
	if !c.remembers() {
		return c.readStanding(ctx, role)
	}
	return c.standings.get(changes, role.Ref, func() (builtin.Comparison, error) {
		role, err := c.again(ctx, role)
		if err != nil {
			return builtin.Comparison{}, err
		}
		return c.readStanding(ctx, role)
	})
}

func (c *Cluster) readStanding(ctx context.Context, role *rbac.Role) (builtin.Comparison, error) {
	var contributing []*rbac.Role
	if role.Aggregation != nil && c.rbacBlind() == "" {
		var err error
		if contributing, err = c.contributing(ctx, role); err != nil {
			return builtin.Comparison{}, err
		}
	}
	return builtin.CompareRole(role, contributing), nil
}

// contributing returns the ClusterRoles whose rules an aggregated one takes up.
func (c *Cluster) contributing(ctx context.Context, role *rbac.Role) ([]*rbac.Role, error) {
	var roles []*rbac.Role
	for i := range role.Aggregation.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.Aggregation.ClusterRoleSelectors[i])
		if err != nil {
			continue // the aggregation controller takes nothing up either
		}
		var list rbacv1.ClusterRoleList
		if err := c.Cache.List(ctx, &list, client.MatchingLabelsSelector{Selector: selector}); err != nil {
			return nil, fmt.Errorf("list clusterroles: %w", err)
		}
		for j := range list.Items {
			one, _ := rbac.RoleOf(&list.Items[j])
			roles = append(roles, one)
		}
	}
	return roles, nil
}

// AggregatesOf returns the ClusterRoles that take up the rules of a ClusterRole with these labels. Some take up those of one
// without any: who selects all, or what lacks a label.
func (c *Cluster) AggregatesOf(ctx context.Context, own map[string]string) ([]*rbac.Role, error) {
	if c.rbacBlind() != "" {
		return nil, nil
	}
	var list rbacv1.ClusterRoleList
	if err := c.Cache.List(ctx, &list, client.MatchingFields{AggregatedIndex: "true"}); err != nil {
		return nil, fmt.Errorf("list clusterroles: %w", err)
	}
	var aggregates []*rbac.Role
	for i := range list.Items {
		role, _ := rbac.RoleOf(&list.Items[i])
		for j := range role.Aggregation.ClusterRoleSelectors {
			selector, err := metav1.LabelSelectorAsSelector(&role.Aggregation.ClusterRoleSelectors[j])
			if err == nil && selector.Matches(labels.Set(own)) {
				aggregates = append(aggregates, role)
				break
			}
		}
	}
	return aggregates, nil
}

// needsRBAC says what cannot be read of what checks need that look at roles and bindings.
func (c *Cluster) needsRBAC() map[engine.Need]string {
	unreadable := map[engine.Need]string{}
	if blind := c.rbacBlind(); blind != "" {
		unreadable[engine.NeedRBAC] = blind
	}
	if !c.Readable(schema.GroupKind{Kind: "ServiceAccount"}) {
		unreadable[engine.NeedServiceAccounts] = cannotList + "serviceaccounts"
	}
	return unreadable
}

// cannotList stands before the resource that is missing.
const cannotList = "the operator may not list and watch "
