package controllers

import (
	"context"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// roleChanged returns all whose permissions a change of a role may change, if any baseline asks for them. What was there
// when the watch began is judged with the baselines that cover it.
func (w *wiring) roleChanged(ctx context.Context, c change) []workload.Ref {
	w.targets.facts.RBACChanged()
	w.ownRoleChanged(ctx, c)
	before, hasBefore := rbac.RoleOf(c.before)
	after, hasAfter := rbac.RoleOf(c.after)
	if c.initial || !w.asked(engine.NeedRBAC) || (hasBefore && hasAfter && sameRole(c, before, after)) {
		return nil
	}
	t := newTouched()
	for _, role := range []*rbac.Role{before, after} {
		if role != nil {
			w.touchRole(ctx, t, role)
		}
	}
	return w.wake(ctx, t)
}

func sameRole(c change, before, after *rbac.Role) bool {
	return c.before.GetUID() == c.after.GetUID() && equality.Semantic.DeepEqual(before.Rules, after.Rules) &&
		equality.Semantic.DeepEqual(before.Aggregation, after.Aggregation) && maps.Equal(before.Labels, after.Labels)
}

// touchRole takes down a role, those that take up its rules, and everything that binds them.
func (w *wiring) touchRole(ctx context.Context, t *touched, role *rbac.Role) {
	refs := []workload.Ref{role.Ref}
	if role.Ref.Namespace == "" {
		aggregates, err := w.targets.facts.AggregatesOf(ctx, role.Labels)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot judge again what takes up the rules of a ClusterRole", "clusterrole", role.Ref.Name)
		}
		for _, aggregate := range aggregates {
			refs = append(refs, aggregate.Ref)
		}
		w.touchContributing(ctx, t, role)
	}
	for _, ref := range refs {
		t.refs[ref] = struct{}{}
		bindings, err := w.targets.facts.BindingsTo(ctx, ref)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot judge again what binds a role", "role", ref.String())
		}
		for _, binding := range bindings {
			t.binding(binding)
		}
	}
}

// touchContributing takes down those whose rules a role takes up: how far they reach depends on who is bound to it.
func (w *wiring) touchContributing(ctx context.Context, t *touched, role *rbac.Role) {
	contributing, err := w.targets.facts.Contributing(ctx, role)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot judge again those whose rules a ClusterRole takes up", "clusterrole", role.Ref.Name)
	}
	for _, one := range contributing {
		t.refs[one.Ref] = struct{}{}
	}
}

// touchBinding takes down a binding that came, went or changed, all that it grants to, and all that is granted by its role.
func (w *wiring) touchBinding(ctx context.Context, t *touched, binding *rbac.Binding) {
	t.binding(binding)
	role, err := w.targets.facts.Role(ctx, binding.Role)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot judge again those whose rules a role takes up", "role", binding.Role.String())
	}
	if role != nil {
		w.touchContributing(ctx, t, role)
	}
}

// bindingChanged returns all whose permissions a change of a binding may change, if any baseline asks for them.
func (w *wiring) bindingChanged(ctx context.Context, c change) []workload.Ref {
	w.targets.facts.RBACChanged()
	before, hasBefore := rbac.BindingOf(c.before)
	after, hasAfter := rbac.BindingOf(c.after)
	if c.initial || !w.asked(engine.NeedRBAC) {
		return nil
	}
	if hasBefore && hasAfter && c.before.GetUID() == c.after.GetUID() && before.Role == after.Role &&
		equality.Semantic.DeepEqual(before.Subjects, after.Subjects) && maps.Equal(c.before.GetLabels(), c.after.GetLabels()) {
		return nil
	}
	t := newTouched()
	for _, binding := range []*rbac.Binding{before, after} {
		if binding != nil {
			w.touchBinding(ctx, t, binding)
		}
	}
	return w.wake(ctx, t)
}

// asked says whether a baseline looks at a fact.
func (w *wiring) asked(need engine.Need) bool {
	return w.targets.baselines.current.Load().Needs(need)
}

// touched is what a change of RBAC touches.
type touched struct {
	refs map[workload.Ref]struct{}
	// accounts are the names of ServiceAccounts by namespace, and whole the namespaces all of whose ServiceAccounts are
	// touched; "" stands for every namespace.
	accounts map[string]map[string]bool
	whole    map[string]bool
	// groups are those of which users are members by themselves, and beyond the users and groups that a binding names past the
	// first: they are targets where another binding names them.
	groups map[rbac.Subject]bool
	beyond map[rbac.Subject]bool
}

func newTouched() *touched {
	return &touched{
		refs: map[workload.Ref]struct{}{}, accounts: map[string]map[string]bool{}, whole: map[string]bool{},
		groups: map[rbac.Subject]bool{}, beyond: map[rbac.Subject]bool{},
	}
}

// binding takes down a binding, its role, and all that it grants to.
func (t *touched) binding(b *rbac.Binding) {
	t.refs[b.Ref], t.refs[b.Role] = struct{}{}, struct{}{}
	named, beyond := b.Named()
	for _, holder := range named {
		t.refs[holder.Ref()] = struct{}{}
	}
	for _, holder := range beyond {
		t.beyond[holder] = true
	}
	for _, holder := range b.Holders() {
		if holder.Kind == rbacv1.ServiceAccountKind {
			t.refs[holder.Ref()] = struct{}{}
			if t.accounts[holder.Namespace] == nil {
				t.accounts[holder.Namespace] = map[string]bool{}
			}
			t.accounts[holder.Namespace][holder.Name] = true
		}
		if namespace, is := rbac.AccountsIn(holder); is {
			t.whole[namespace] = true
		}
		if rbac.UsersIn(holder) {
			t.groups[holder] = true
		}
	}
}

// wake returns what a change touches, with the workloads that run as the ServiceAccounts among it.
func (w *wiring) wake(ctx context.Context, t *touched) []workload.Ref {
	runsAs := func(one workload.Workload) bool {
		if t.whole[""] || t.whole[one.Namespace] {
			return true
		}
		if workload.Trimmed(one) { // the cache does not know what it runs as; where its controller is there, that is judged
			return one.Kind != "Pod"
		}
		return t.accounts[one.Namespace][one.ServiceAccount()]
	}
	namespaces := map[string]bool{}
	for namespace := range t.accounts {
		namespaces[namespace] = true
	}
	maps.Copy(namespaces, t.whole)
	if t.whole[""] {
		namespaces = map[string]bool{"": true}
	}
	for namespace := range namespaces {
		for _, ref := range w.targetsIn(ctx, namespace, runsAs) {
			t.refs[ref] = struct{}{}
		}
		if t.whole[namespace] {
			w.wakeOthers(ctx, t, workload.Subjects, namespace)
		}
	}
	w.wakeUsers(ctx, t)
	keys := slices.Collect(maps.Keys(t.refs))
	w.targets.arrivals.arrived(keys, w.options.Clock.Now())
	return keys
}

// wakeUsers takes down the users who are members of a group that is touched, and those beyond the first of a binding that are
// targets all the same: another names them among the first, or they have a report, or a ceiling calls them by name.
func (w *wiring) wakeUsers(ctx context.Context, t *touched) {
	beyond := slices.Collect(maps.Keys(t.beyond))
	listed, err := w.targets.facts.Listed(ctx, beyond)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot judge again whom a binding names past the first")
	}
	for _, subject := range beyond {
		if w.targets.baselines.current.Load().Asks(subject.Ref()) || w.reportedOn(ctx, subject.Ref()) {
			listed = append(listed, subject)
		}
	}
	for _, subject := range listed {
		t.refs[subject.Ref()] = struct{}{}
	}
	if len(t.groups) == 0 {
		return
	}
	named, _, err := w.targets.facts.NamedSubjects(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot judge again the users of a group")
	}
	for i := range named {
		user, _ := rbac.SubjectFrom(named[i].Ref)
		if slices.ContainsFunc(user.Keys(), func(key rbac.Subject) bool { return t.groups[key] }) {
			t.refs[named[i].Ref] = struct{}{}
		}
	}
}

// reportedOn says whether a target has a report; when that cannot be read, it may have one.
func (w *wiring) reportedOn(ctx context.Context, ref workload.Ref) bool {
	last, err := w.targets.reportAt(ctx, report.Key(ref, w.options.Namespace), ref)
	return last != nil || err != nil
}

// wakeOthers takes down what is no workload, of the classes, in a namespace; "" is every namespace.
func (w *wiring) wakeOthers(ctx context.Context, t *touched, classes workload.Class, namespace string) {
	others, err := w.targets.facts.Others(ctx, classes, client.InNamespace(namespace))
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot judge a namespace again", "namespace", namespace)
	}
	for _, other := range others {
		t.refs[other.Ref] = struct{}{}
	}
}
