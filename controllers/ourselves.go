package controllers

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/rbac"
)

// ownRole is the name of the ClusterRole that says what the operator may do, and of its Role.
const ownRole = "plumbline-manager"

// ownRoleChanged tells of a change of what the operator itself may do: whoever takes a right from it makes it blind, and
// whoever gives it one makes it a way in.
func (w *wiring) ownRoleChanged(ctx context.Context, c change) {
	if c.before == nil || c.before.GetName() != ownRole || !slices.Contains([]string{"", w.options.Namespace}, c.before.GetNamespace()) {
		return // what others call so says nothing of the operator
	}
	before, is := rbac.RoleOf(c.before)
	if !is {
		return
	}
	words := "was deleted"
	var rules []rbacv1.PolicyRule
	if after, still := rbac.RoleOf(c.after); still {
		rules = after.Rules
	}
	gained, lost := rbac.Compare(before.Rules, rules)
	if c.after != nil {
		if len(gained)+len(lost) == 0 {
			return
		}
		words = strings.Join(notEmpty("was changed:", listPermissions("GAINED", gained), listPermissions("LOST", lost)), " ")
	}
	note := before.Ref.String() + ", which says what Plumbline itself may do, " + words + "."
	go w.tellOfOurselves(ctx, c, rbacReference(before.Ref), "rules", v1alpha1.EventOwnPermissionsChanged, note)
}

// listPermissions names a few of what was gained or lost.
func listPermissions(what string, permissions []rbac.Permission) string {
	if len(permissions) == 0 {
		return ""
	}
	var names []string
	for _, permission := range permissions[:min(len(permissions), maxToldNotes)] {
		names = append(names, permission.String())
	}
	if len(permissions) > maxToldNotes {
		names = append(names, "more")
	}
	return what + " " + strings.Join(names, ", ")
}

// baselineSpecChanged tells of a change of what a baseline declares, and of its end: whoever loosens it or takes it away hides drift.
func (w *wiring) baselineSpecChanged(ctx context.Context, c change) {
	if c.before == nil {
		return
	}
	target := baselineReference(c.before.GetName(), c.before.GetUID())
	note := "What the baseline declares was changed."
	switch {
	case c.after == nil:
		note = "The baseline was deleted: what it declared is not judged any more."
	case c.before.GetUID() != c.after.GetUID():
		note = "The baseline was deleted, and another of its name created."
	case c.before.GetGeneration() == c.after.GetGeneration():
		return
	}
	go w.tellOfOurselves(ctx, c, target, "spec", v1alpha1.EventBaselineChanged, note)
}

// baselineReference makes the reference to a baseline that an Event regards.
func baselineReference(baseline string, uid types.UID) v1alpha1.TargetReference {
	return v1alpha1.TargetReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: "SecurityBaseline", Name: baseline, UID: uid}
}

// tellOfOurselves sends an Event with the manager of the newest change.
func (w *wiring) tellOfOurselves(ctx context.Context, c change, of v1alpha1.TargetReference, path, reason, note string) {
	if c.after != nil {
		managed, err := w.targets.facts.ManagedFields(ctx, of, nil)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot read who changed an object", "object", of.Kind+" "+of.Name)
		}
		if change := w.options.Managers.Of(managed, path, w.options.Clock.Now()); change != nil {
			note += " Changed by " + change.Manager + " (" + string(change.Class) + ")."
		}
	}
	obj := c.after
	if obj == nil {
		obj = c.before
	}
	of.UID = obj.GetUID()
	w.targets.announcer.send(objectFor(of), nil, corev1.EventTypeWarning, reason, note)
}
