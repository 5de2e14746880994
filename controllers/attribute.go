package controllers

import (
	"context"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/attribution"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// undeclaredObject is the check on objects that nobody declared: of these one asks who made them.
const undeclaredObject = "undeclared-object"

// attributeOrRetry attributes what appeared, and what appeared earlier and could not be attributed then. Where that fails, the
// target is judged again in a while. A report that stays to the letter, because nothing of it can be judged, is left alone.
func (r *targetReconciler) attributeOrRetry(
	ctx context.Context, target *facts.Target, arrived []metav1.ManagedFieldsEntry, pods map[engine.Identity]string,
	outcome *report.Outcome, last *v1alpha1.DriftReport,
) {
	if last != nil && outcome.Report == last {
		return
	}
	ref := target.Object.Target
	outcome.Again = r.unread.waits(ref)
	if report.Unattributed(*outcome) && r.attribute(ctx, target, arrived, pods, *outcome) {
		outcome.Turns = sooner(outcome.Turns, r.unread.failed(ref, r.clock.Now()))
		return
	}
	r.unread.forget(ref)
}

// attribute adds to what was opened who changed it. A report without that is better than none, so that an error here is only
// logged; it returns whether there was one.
func (r *targetReconciler) attribute(
	ctx context.Context, target *facts.Target, arrived []metav1.ManagedFieldsEntry, pods map[engine.Identity]string, outcome report.Outcome,
) (failed bool) {
	read := map[v1alpha1.TargetReference]*attribution.Fields{} // each object once, however many findings ask
	of := func(object v1alpha1.TargetReference, arrived []metav1.ManagedFieldsEntry) *attribution.Fields {
		if fields := read[object]; fields != nil {
			return fields
		}
		managed, err := r.facts.ManagedFields(ctx, object, arrived)
		if err != nil {
			failed = true
			log.FromContext(ctx).Error(err, "cannot read who changed an object", "object", object.Kind+" "+object.Name)
		}
		read[object] = attribution.Read(managed)
		return read[object]
	}
	who := func(object v1alpha1.TargetReference, path string) *v1alpha1.Change {
		return r.managers.LastChange(of(object, nil), path, r.clock.Now())
	}
	report.Attribute(outcome, func(f *engine.Finding) *v1alpha1.Change {
		switch {
		case f.Origin == v1alpha1.OriginPermissions:
			return lastGranted(target, f, who)
		case f.Origin == v1alpha1.OriginRunningPods:
			return who(podIn(target, pods[engine.IdentityOf(f)], f))
		case target.Composed, target.Reference.UID == "", f.Path == networkPolicies: // nobody changed it in the target: its managedFields are not asked for
			return nil
		case f.Check == undeclaredObject:
			return r.managers.Creation(of(target.Reference, arrived))
		}
		if policy, path, is := policyIn(f.Path, target.Reference.Namespace); is {
			return who(policy, path)
		}
		return r.managers.LastChange(of(target.Reference, arrived), f.Path, r.clock.Now())
	})
	return failed
}

// networkPolicies is the path of a finding on what the NetworkPolicies around a target make of it together.
const networkPolicies = "networkpolicies"

// policyIn splits the path of a finding on a workload that stands in a NetworkPolicy of its namespace, such as
// networkpolicies[web].spec.egress, into the policy and the path there.
func policyIn(path, namespace string) (policy v1alpha1.TargetReference, rest string, is bool) {
	inside, is := strings.CutPrefix(path, networkPolicies+"[")
	name, rest, ends := strings.Cut(inside, "].")
	return v1alpha1.TargetReference{
		APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy", Namespace: namespace, Name: name,
	}, rest, is && ends
}

// lastGranted returns the newest of the changes to the binding and to the role that give a permission; of two in one second,
// which is as exact as the API server is, that to the role: who makes both makes the binding last.
func lastGranted(target *facts.Target, f *engine.Finding, who func(v1alpha1.TargetReference, string) *v1alpha1.Change) *v1alpha1.Change {
	var newest *v1alpha1.Change
	for _, grant := range grantsOf(target) {
		if grant.Path() != f.Path {
			continue
		}
		for _, change := range []*v1alpha1.Change{
			who(rbacReference(grant.Binding.Ref), "subjects"),
			who(rbacReference(grant.Role.Ref), "rules"),
		} {
			if change != nil && (newest == nil || !change.Time.Before(newest.Time)) {
				newest = change
			}
		}
	}
	return newest
}

// grantsOf returns all that gives a target, or what its pods run as, permissions.
func grantsOf(target *facts.Target) []rbac.Grant {
	if subject := target.Object.Other.Subject; subject != nil {
		return subject.Grants
	}
	var grants []rbac.Grant
	for _, around := range target.Object.Facts {
		grants = append(grants, around.Grants...)
	}
	return grants
}

func rbacReference(ref workload.Ref) v1alpha1.TargetReference {
	return v1alpha1.TargetReference{
		APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name,
	}
}
