package controllers

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// trimServiceAccount keeps of a ServiceAccount what is judged, and what watching it takes: no names of Secrets, which is
// what else is in it.
func trimServiceAccount(obj any) (any, error) {
	account, ok := obj.(*corev1.ServiceAccount)
	if !ok {
		return obj, nil
	}
	return &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: account.Namespace, Name: account.Name, UID: account.UID, ResourceVersion: account.ResourceVersion,
			Labels: account.Labels, OwnerReferences: account.OwnerReferences,
		},
		AutomountServiceAccountToken: account.AutomountServiceAccountToken,
	}, nil
}

// serviceAccountChanged returns the targets whose pods get another answer from their ServiceAccount than before, and those
// whose permissions are judged with it, if any baseline asks for them. What was there when the watch began is known before
// anything is judged.
func (w *wiring) serviceAccountChanged(ctx context.Context, c change) []workload.Ref {
	if c.initial {
		return nil
	}
	account := c.after
	if account == nil {
		account = c.before
	}
	var keys []workload.Ref
	if !ptr.Equal(automountOf(c.before), automountOf(c.after)) && w.asked(engine.NeedServiceAccount) {
		keys = w.targetsIn(ctx, account.GetNamespace(), func(one workload.Workload) bool {
			return mayRunAs(one, account.GetName())
		})
	}
	return append(keys, w.holderChanged(ctx, c, rbac.ServiceAccount(account.GetNamespace(), account.GetName()))...)
}

// holderChanged returns a ServiceAccount that came, went or has other labels, and the bindings that name it.
func (w *wiring) holderChanged(ctx context.Context, c change, account rbac.Subject) []workload.Ref {
	here := c.before != nil && c.after != nil && c.before.GetUID() == c.after.GetUID()
	if !w.asked(engine.NeedRBAC) || (here && maps.Equal(c.before.GetLabels(), c.after.GetLabels())) {
		return nil
	}
	keys := []workload.Ref{account.Ref()}
	bindings, err := w.targets.facts.BindingsOf(ctx, account)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot judge again the bindings of a ServiceAccount", "serviceaccount", account.String())
	}
	for _, binding := range bindings {
		keys = append(keys, binding.Ref)
	}
	w.targets.arrivals.arrived(keys, w.options.Clock.Now())
	return keys
}

func automountOf(obj client.Object) *bool {
	account, ok := obj.(*corev1.ServiceAccount)
	if !ok {
		return nil
	}
	return account.AutomountServiceAccountToken
}

// mayRunAs says whether the ServiceAccount decides anything about the pods of a workload. Of what names a watched
// controller the cache does not know what it runs as. Where that controller is not there, it is judged by itself, so
// that it has to look; but its pods have been created, and decide for themselves.
func mayRunAs(w workload.Workload, account string) bool {
	if workload.Trimmed(w) {
		return w.Kind != "Pod"
	}
	return facts.AsksServiceAccount(w) && w.ServiceAccount() == account
}
