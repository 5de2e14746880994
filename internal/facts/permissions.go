package facts

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// role reads a Role or a ClusterRole as a target.
func (c *Cluster) role(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	obj, state, err := c.other(ctx, ref)
	if obj == nil {
		return nil, state, err
	}
	role, _ := rbac.RoleOf(obj)
	judged, err := c.judgedRole(ctx, role)
	if err != nil {
		return nil, Gone, err
	}
	target, state, err := c.otherTarget(ctx, ref, obj, engine.Other{Role: judged, Unreadable: c.needsRBAC()})
	if target != nil {
		target.Unsettled = judged.Passing
	}
	return target, state, err
}

// judgedRole adds to a role how far it reaches, and whether it is as Kubernetes makes it.
func (c *Cluster) judgedRole(ctx context.Context, role *rbac.Role) (*engine.Role, error) {
	changes := c.rbacChanges.Load()
	if !c.remembers() {
		return c.readRole(ctx, role)
	}
	return c.roles.get(changes, role.Ref, func() (*engine.Role, error) {
		role, err := c.again(ctx, role)
		if err != nil {
			return nil, err
		}
		return c.readRole(ctx, role)
	})
}

func (c *Cluster) readRole(ctx context.Context, role *rbac.Role) (*engine.Role, error) {
	bindings, err := c.BindingsTo(ctx, role.Ref)
	if err != nil {
		return nil, err
	}
	judged := &engine.Role{Role: role, Reach: rbac.ReachOf(role, bindings)}
	if err := c.throughAggregates(ctx, judged); err != nil {
		return nil, err
	}
	standing, err := c.standing(ctx, role)
	judged.Standing, judged.Modified, judged.Gained, judged.Passing = standing.Standing, standing.Words, standing.Gained, standing.Passing
	return judged, err
}

// throughAggregates adds how far a ClusterRole reaches through those that take up its rules, and those that take up theirs.
func (c *Cluster) throughAggregates(ctx context.Context, role *engine.Role) error {
	if role.Ref.Namespace != "" {
		return nil
	}
	aggregates, err := follow(role.Role, func(one *rbac.Role) ([]*rbac.Role, error) { return c.AggregatesOf(ctx, one.Labels) })
	if err != nil {
		return err
	}
	for _, aggregate := range aggregates {
		bindings, err := c.BindingsTo(ctx, aggregate.Ref)
		if err != nil {
			return err
		}
		role.Reach = max(role.Reach, rbac.ReachOf(aggregate, bindings))
	}
	return nil
}

// binding reads a RoleBinding or a ClusterRoleBinding as a target.
func (c *Cluster) binding(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	obj, state, err := c.other(ctx, ref)
	if obj == nil {
		return nil, state, err
	}
	binding, _ := rbac.BindingOf(obj)
	judged := &engine.Binding{Binding: binding, Whom: binding.Holders()}
	judged.Standing, judged.Modified = builtin.BindingStanding(binding)
	role, err := c.Role(ctx, binding.Role)
	if err != nil {
		return nil, Gone, err
	}
	if role != nil {
		if judged.Grants, err = c.judgedRole(ctx, role); err != nil {
			return nil, Gone, err
		}
	}
	if judged.Missing, err = c.missing(ctx, judged.Whom); err != nil {
		return nil, Gone, err
	}
	target, state, err := c.otherTarget(ctx, ref, obj, engine.Other{Binding: judged, Unreadable: c.needsRBAC()})
	if _, beyond := binding.Named(); target != nil && len(beyond) > 0 {
		target.Object.Unlisted = fmt.Sprintf("of the users and groups that %s names the first %d are judged for it, and %d are not",
			binding.Ref, rbac.MaxNamed, len(beyond))
	}
	return target, state, err
}

// Listed returns those of users and groups that are among the first of any binding that names them, and so targets. Each binding
// is gone through once, however many of them it names.
func (c *Cluster) Listed(ctx context.Context, subjects []rbac.Subject) ([]rbac.Subject, error) {
	firsts := map[workload.Ref][]rbac.Subject{}
	var listed []rbac.Subject
	for _, subject := range subjects {
		bindings, err := c.BindingsOf(ctx, subject)
		if err != nil {
			return listed, err
		}
		if slices.ContainsFunc(bindings, func(b *rbac.Binding) bool {
			first, known := firsts[b.Ref]
			if !known {
				first, _ = b.Named()
				firsts[b.Ref] = first
			}
			return slices.Contains(first, subject)
		}) {
			listed = append(listed, subject)
		}
	}
	return listed, nil
}

// Overlooked says whether a binding names a user or a group past the first, so that it may have held something before it became a
// target.
func (c *Cluster) Overlooked(ctx context.Context, subject rbac.Subject) (bool, error) {
	bindings, err := c.BindingsOf(ctx, subject)
	return slices.ContainsFunc(bindings, func(b *rbac.Binding) bool { return !b.Lists(subject) }), err
}

// missing returns the ServiceAccounts among those that a binding names that are not there.
func (c *Cluster) missing(ctx context.Context, named []rbac.Subject) ([]rbac.Subject, error) {
	if !c.Readable(schema.GroupKind{Kind: rbacv1.ServiceAccountKind}) {
		return nil, nil
	}
	var missing []rbac.Subject
	for _, holder := range named {
		if holder.Kind != rbacv1.ServiceAccountKind {
			continue
		}
		obj, err := c.object(ctx, holder.Ref())
		if err != nil {
			return nil, err
		}
		if obj == nil {
			missing = append(missing, holder)
		}
	}
	return missing, nil
}

// subject reads a ServiceAccount, a user or a group as a target.
func (c *Cluster) subject(ctx context.Context, ref workload.Ref) (*Target, State, error) {
	subject, _ := rbac.SubjectFrom(ref)
	if workload.Named(ref) {
		return c.named(ctx, ref, subject)
	}
	obj, state, err := c.other(ctx, ref)
	if obj == nil || err != nil {
		return nil, state, err
	}
	grants, err := c.Grants(ctx, subject)
	if err != nil {
		return nil, Gone, err
	}
	return c.otherTarget(ctx, ref, obj, engine.Other{
		Subject: &engine.Subject{Subject: subject, Grants: grants}, Unreadable: c.needsRBAC(),
	})
}

// named reads a user or a group as a target. One that no binding names may have lost what its report speaks of. One that bindings
// name, and none among the first, is asked for only where it has a report or a baseline names it: whoever may edit a binding must
// not make a report go by naming others first.
func (c *Cluster) named(ctx context.Context, ref workload.Ref, subject rbac.Subject) (*Target, State, error) {
	if c.rbacBlind() != "" {
		return nil, Unreadable, nil
	}
	bindings, err := c.BindingsOf(ctx, subject)
	if err != nil {
		return nil, Gone, err
	}
	grants, err := c.Grants(ctx, subject)
	if err != nil {
		return nil, Gone, err
	}
	judged := engine.Other{Subject: &engine.Subject{Subject: subject, Grants: grants}, Unreadable: c.needsRBAC()}
	return &Target{
		Unnamed:   len(bindings) == 0,
		Reference: v1alpha1.TargetReference{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: ref.Kind, Name: ref.Name},
		Object:    judgement.Object{Target: ref, Other: judged},
	}, Found, nil
}

// other reads an object that is no workload. Where it returns none, the state says why.
func (c *Cluster) other(ctx context.Context, ref workload.Ref) (client.Object, State, error) {
	if c.Unserved != nil && c.Unserved(ref.GroupKind()) {
		return nil, Gone, nil
	}
	if !c.Readable(ref.GroupKind()) {
		return nil, Unreadable, nil
	}
	obj, err := c.object(ctx, ref)
	return obj, Gone, err
}

// otherTarget makes a target of an object that is no workload.
func (c *Cluster) otherTarget(ctx context.Context, ref workload.Ref, obj client.Object, judged engine.Other) (*Target, State, error) {
	judged.Labels, judged.Live = obj.GetLabels(), obj
	judged.Owned = workload.Made(obj, ref.Kind)
	object := judgement.Object{Target: ref, Other: judged}
	if home := workload.Home(ref); home != "" {
		var err error
		if object.Namespace, err = c.Namespace(ctx, home); err != nil {
			return nil, Gone, err
		}
	}
	version := "v1" // of all kinds that are judged and are no workloads
	if ref.Group != corev1.GroupName {
		version = ref.Group + "/" + version
	}
	return &Target{
		Reference: v1alpha1.TargetReference{
			APIVersion: version, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name, UID: obj.GetUID(),
		},
		Generation: obj.GetGeneration(),
		Object:     object,
	}, Found, nil
}
