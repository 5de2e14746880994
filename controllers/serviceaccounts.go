package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/facts"
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
		},
		AutomountServiceAccountToken: account.AutomountServiceAccountToken,
	}, nil
}

// serviceAccountChanged returns the targets whose pods get another answer from their ServiceAccount than before, if any
// baseline asks for it. One that is not there says as much as one that sets nothing. What was there when the watch began
// is known before anything is judged.
func (w *wiring) serviceAccountChanged(ctx context.Context, c change) []workload.Ref {
	if c.initial || ptr.Equal(automountOf(c.before), automountOf(c.after)) {
		return nil
	}
	account := c.after
	if account == nil {
		account = c.before
	}
	for _, b := range w.targets.baselines.current.Load().All() {
		if b.ReadsServiceAccounts() {
			return w.targetsIn(ctx, account.GetNamespace(), func(one workload.Workload) bool {
				return mayRunAs(one, account.GetName())
			})
		}
	}
	return nil
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
