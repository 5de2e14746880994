package controllers

import (
	"cmp"
	"context"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// trimOther trims objects of kinds that have no transform of their own. Guardrails are among them: the cache asks the API server
// about each kind that has one before it starts, and fails where one is not served.
func (w *Watches) trimOther(obj any) (any, error) {
	if object, ok := obj.(client.Object); ok && isGuardrail(object) {
		return w.trimGuardrail(obj)
	}
	return cache.TransformStripManagedFields()(obj)
}

func isGuardrail(obj client.Object) bool {
	ref, _ := facts.RefOf(obj)
	class, _ := workload.ClassOf(ref.GroupKind())
	return class == workload.Guardrails
}

// trimGuardrail keeps of an admission policy or a webhook configuration what is compared: certificates are rotated by
// controllers and are not.
func (w *Watches) trimGuardrail(obj any) (any, error) {
	object, ok := obj.(client.Object)
	if !ok {
		return obj, nil
	}
	if managed := object.GetManagedFields(); len(managed) > 0 {
		w.changes.Put(object.GetUID(), managed)
	}
	object.SetManagedFields(nil)
	object.SetAnnotations(nil)
	switch o := obj.(type) {
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			o.Webhooks[i].ClientConfig.CABundle = nil
		}
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		for i := range o.Webhooks {
			o.Webhooks[i].ClientConfig.CABundle = nil
		}
	}
	return obj, nil
}

// declared returns what there is to say of a target that is not there to be judged: whether a baseline declares it all the same.
func (r *targetReconciler) declared(ctx context.Context, ref workload.Ref, state facts.State, last *v1alpha1.DriftReport) (*facts.Target, facts.State, error) {
	if pin := r.facts.Declares(ref); pin != nil {
		return r.facts.Declared(ctx, pin, state)
	}
	if state == facts.Gone && last != nil && last.Spec.Target.UID == "" && r.frozen(last) {
		return r.facts.Absent(ctx, ref, last.Spec.Target)
	}
	return nil, state, nil
}

// frozen says whether a report has findings of a baseline that is not judged at present. It may have declared what it says
// nothing of now, because the entry is wrong: what is missing stays so.
func (r *targetReconciler) frozen(last *v1alpha1.DriftReport) bool {
	set := r.baselines.current.Load()
	return slices.ContainsFunc(last.Status.Baselines, func(name string) bool {
		b := set.Get(name)
		return b != nil && b.Frozen != ""
	})
}

// speaksOf says whether a report speaks of the object that is there, and not of an earlier one of its name. One that was made
// while the object was missing goes on to speak of it when it comes back, and what cannot be read may be what it spoke of.
func speaksOf(last *v1alpha1.DriftReport, target *facts.Target) bool {
	uid := last.Spec.Target.UID
	_, unreadable := target.Object.Other.Unreadable[engine.NeedLive]
	return uid == target.Reference.UID || uid == "" || unreadable
}

// atHome returns the report as it is where it belongs. That changes when the namespace in which something is declared comes or
// goes: the report begins there as it ended here.
func (r *targetReconciler) atHome(ctx context.Context, last *v1alpha1.DriftReport, target *facts.Target) (*v1alpha1.DriftReport, error) {
	ref := report.RefOf(last.Spec.Target)
	key := report.Key(ref, r.namespace)
	if target.Homeless {
		key = report.HomelessKey(ref, r.namespace)
	}
	if client.ObjectKeyFromObject(last) == key {
		return last, nil
	}
	moved := &v1alpha1.DriftReport{TypeMeta: last.TypeMeta, Spec: last.Spec, Status: last.Status}
	moved.Namespace, moved.Name, moved.Labels = key.Namespace, key.Name, last.Labels
	return moved, r.remove(ctx, last)
}

// orNamed adds to what a change of an object wakes the object itself, where a baseline declares it or closes the list of its
// kind: such an object is judged whatever else is asked for. Of those that were there when the watch began, the baselines know.
func (w *wiring) orNamed(wakes func(context.Context, change) []workload.Ref) func(context.Context, change) []workload.Ref {
	return func(ctx context.Context, c change) []workload.Ref {
		refs := wakes(ctx, c)
		obj := c.after
		if obj == nil {
			obj = c.before
		}
		ref, judged := facts.RefOf(obj)
		if c.initial || !judged || slices.Contains(refs, ref) || !w.targets.baselines.current.Load().Names(ref) {
			return refs
		}
		w.targets.arrivals.arrived([]workload.Ref{ref}, w.options.Clock.Now())
		return append(refs, ref)
	}
}

// orDeclaredIn adds to what a change of a namespace wakes, when it came or went, all that is declared in it: the reports of what
// is missing are elsewhere while the namespace is missing too.
func (w *wiring) orDeclaredIn(wakes func(context.Context, change) []workload.Ref) func(context.Context, change) []workload.Ref {
	return func(ctx context.Context, c change) []workload.Ref {
		refs := wakes(ctx, c)
		if c.initial || (c.before != nil && c.after != nil) {
			return refs
		}
		name := cmp.Or(c.after, c.before).GetName()
		for _, b := range w.targets.baselines.current.Load().All() {
			for _, ref := range b.Declares() {
				if workload.Home(ref) == name {
					refs = append(refs, ref)
				}
			}
		}
		return refs
	}
}
