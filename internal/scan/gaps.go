package scan

import (
	"context"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// These end the reason why a fact is not known.
const (
	isGiven  = " is among what was given"
	notGiven = " is not among what was given"
)

// unknown notes facts that are not known, or in part.
type unknown map[engine.Need]string

func (u *unknown) miss(need engine.Need, why string) {
	if *u == nil {
		*u = unknown{}
	}
	if _, told := (*u)[need]; !told {
		(*u)[need] = why
	}
}

// gaps takes down what of the surroundings of a target nobody knows, because it is beyond what was given. What is judged by
// them is not evaluated then, in place of being taken for absent.
func (l *layer) gaps(ctx context.Context, target *facts.Target) error {
	for i := range target.Object.Workloads {
		w := &target.Object.Workloads[i]
		around := target.Object.Facts[w.Ref]
		if err := l.aroundWorkload(ctx, w, &around); err != nil {
			return err
		}
		if len(around.Unreadable)+len(around.Partial) == 0 {
			continue
		}
		if target.Object.Facts == nil {
			target.Object.Facts = map[workload.Ref]judgement.Facts{}
		}
		target.Object.Facts[w.Ref] = around
	}
	other := &target.Object.Other
	switch {
	case other.Role != nil:
		l.aroundRole(other)
	case other.Binding != nil:
		l.aroundBinding(other)
	case other.Subject != nil:
		partial := unknown(other.Partial)
		err := l.aroundSubject(ctx, other.Subject.Subject, &partial)
		other.Partial = partial
		return err
	case other.Policy != nil:
		home := other.Policy.Ref.Namespace
		if !l.sees(home) && !l.workloads[home] {
			unreadable := unknown(other.Unreadable)
			unreadable.miss(engine.NeedWorkloads, "no workload of namespace "+home+isGiven)
			other.Unreadable = unreadable
		}
	}
	return nil
}

// aroundWorkload takes down what nobody knows around a workload.
func (l *layer) aroundWorkload(ctx context.Context, w *workload.Workload, around *judgement.Facts) error {
	unreadable, partial := unknown(around.Unreadable), unknown(around.Partial)
	account := rbac.ServiceAccount(w.Namespace, w.ServiceAccount())
	if !l.sees(w.Namespace) {
		if facts.AsksServiceAccount(*w) && !l.accounts[account.Ref()] {
			unreadable.miss(engine.NeedServiceAccount, account.String()+notGiven)
		}
		if !l.policies[w.Namespace] {
			unreadable.miss(engine.NeedNetwork, "neither Namespace "+w.Namespace+" nor a NetworkPolicy in it"+isGiven)
		}
	}
	if !l.whole {
		partial.miss(engine.NeedSources, "only the workloads that were given are known")
	}
	var err error
	if l.cluster.Needs(engine.NeedRBAC) && account.Name != "" {
		err = l.aroundAccount(ctx, account, &unreadable, &partial)
	}
	around.Unreadable, around.Partial = unreadable, partial
	return err
}

// aroundAccount takes down what nobody knows of what a ServiceAccount holds that a workload runs as.
func (l *layer) aroundAccount(ctx context.Context, account rbac.Subject, unreadable, partial *unknown) error {
	if !l.sees(account.Namespace) && !l.accounts[account.Ref()] {
		bindings, err := l.cluster.BindingsOf(ctx, account)
		if err != nil {
			return err
		}
		if len(bindings) == 0 {
			unreadable.miss(engine.NeedRBAC, "neither "+account.String()+" nor a binding that names it"+isGiven)
			return nil
		}
	}
	return l.aroundSubject(ctx, account, partial)
}

// aroundSubject takes down which roles nobody knows that bindings give to a subject, and that there may be other bindings.
func (l *layer) aroundSubject(ctx context.Context, subject rbac.Subject, partial *unknown) error {
	if l.live && !l.whole {
		partial.miss(engine.NeedRBAC, "only the bindings of one namespace and of the cluster as such were read")
		return nil
	}
	for _, key := range subject.Keys() {
		bindings, err := l.cluster.BindingsOf(ctx, key)
		if err != nil {
			return err
		}
		for _, binding := range bindings {
			role, err := l.cluster.Role(ctx, binding.Role)
			if err != nil {
				return err
			}
			if role == nil && !l.sees(binding.Role.Namespace) {
				partial.miss(engine.NeedRBAC, binding.Role.String()+", which "+binding.Ref.String()+" binds,"+notGiven)
			}
		}
	}
	return nil
}

// aroundRole takes down that an aggregated role has rules that nobody knows.
func (l *layer) aroundRole(other *engine.Other) {
	if role := other.Role; !l.live && role.Aggregation != nil && len(role.Rules) == 0 {
		partial := unknown(other.Partial)
		partial.miss(engine.NeedRBAC, "no ClusterRole whose rules "+role.Ref.String()+" gathers"+isGiven)
		other.Partial = partial
	}
}

// aroundBinding takes down what a binding names of which nobody knows whether it is there: that is no dangling binding.
func (l *layer) aroundBinding(other *engine.Other) {
	partial := unknown(other.Partial)
	binding := *other.Binding
	if binding.Grants == nil && !l.sees(binding.Role.Namespace) {
		binding.Grants = &engine.Role{Role: &rbac.Role{Ref: binding.Role}}
		partial.miss(engine.NeedRBAC, binding.Role.String()+", which it binds,"+notGiven)
	}
	var missing []rbac.Subject
	for _, subject := range binding.Missing {
		if l.sees(subject.Namespace) {
			missing = append(missing, subject)
		} else {
			partial.miss(engine.NeedServiceAccounts, subject.String()+notGiven)
		}
	}
	binding.Missing = missing
	other.Binding, other.Partial = &binding, partial
}
