package controllers

import (
	"context"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// attribute adds to what was opened who changed it. A report without that is better than none, so that an error here
// is only logged.
func (r *targetReconciler) attribute(
	ctx context.Context, target *facts.Target, arrived []metav1.ManagedFieldsEntry, pods map[engine.Identity]string, outcome report.Outcome,
) {
	read := map[v1alpha1.TargetReference][]metav1.ManagedFieldsEntry{}
	of := func(object v1alpha1.TargetReference, arrived []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
		if managed, known := read[object]; known {
			return managed
		}
		managed, err := r.facts.ManagedFields(ctx, object, arrived)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot read who changed an object", "object", object.Kind+" "+object.Name)
		}
		read[object] = managed
		return managed
	}
	who := func(object v1alpha1.TargetReference, arrived []metav1.ManagedFieldsEntry, path string) *v1alpha1.Change {
		return r.managers.Of(of(object, arrived), path, r.clock.Now())
	}
	report.Attribute(outcome, func(f *engine.Finding) *v1alpha1.Change {
		switch {
		case f.Origin == v1alpha1.OriginPermissions:
			return lastGranted(target, f, who)
		case f.Origin == v1alpha1.OriginRunningPods:
			pod, path := podIn(target, pods[engine.IdentityOf(f)], f)
			return who(pod, nil, path)
		case target.Composed, target.Reference.UID == "", f.Path == networkPolicies: // nobody changed it in the target: its managedFields are not asked for
			return nil
		}
		if policy, path, is := policyIn(f.Path, target.Reference.Namespace); is {
			return who(policy, nil, path)
		}
		return who(target.Reference, arrived, f.Path)
	})
}

// networkPolicies is the path of a finding on what the NetworkPolicies around a target make of it together.
const networkPolicies = "networkpolicies"

// policyIn splits the path of a finding on a workload that stands in a NetworkPolicy of its namespace, such as
// networkpolicies[web].spec.egress[0], into the policy and the path there.
func policyIn(path, namespace string) (policy v1alpha1.TargetReference, rest string, is bool) {
	inside, is := strings.CutPrefix(path, networkPolicies+"[")
	name, rest, ends := strings.Cut(inside, "].")
	return v1alpha1.TargetReference{
		APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy", Namespace: namespace, Name: name,
	}, rest, is && ends
}

// lastGranted returns the newest of the changes to the binding and to the role that give a permission; of two in one second,
// which is as exact as the API server is, that to the role: who makes both makes the binding last.
func lastGranted(
	target *facts.Target, f *engine.Finding, who func(v1alpha1.TargetReference, []metav1.ManagedFieldsEntry, string) *v1alpha1.Change,
) *v1alpha1.Change {
	var newest *v1alpha1.Change
	for _, grant := range grantsOf(target) {
		if grant.Path() != f.Path {
			continue
		}
		for _, change := range []*v1alpha1.Change{
			who(rbacReference(grant.Binding.Ref), nil, "subjects"),
			who(rbacReference(grant.Role.Ref), nil, "rules"),
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
