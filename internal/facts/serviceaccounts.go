package facts

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// AsksServiceAccount says whether what the ServiceAccount of a workload says decides anything about its pods. Where the
// pods decide for themselves, it is not read: that it cannot be read does not matter there.
func AsksServiceAccount(w workload.Workload) bool {
	_, decided := w.MountsToken()
	return !decided
}

// serviceAccount reads the ServiceAccount that the pods of a workload run as.
func (c *Cluster) serviceAccount(ctx context.Context, w workload.Workload) (judgement.Facts, error) {
	if !c.Readable(corev1.SchemeGroupVersion.WithKind("ServiceAccount").GroupKind()) {
		return judgement.Facts{Unreadable: map[engine.Need]string{
			engine.NeedServiceAccount: cannotList + "serviceaccounts",
		}}, nil
	}
	name := types.NamespacedName{Namespace: w.Namespace, Name: w.ServiceAccount()}
	var account corev1.ServiceAccount
	if err := c.Cache.Get(ctx, name, &account); err != nil {
		return judgement.Facts{}, ignoreNotFound(err, "ServiceAccount "+name.String())
	}
	return judgement.Facts{ServiceAccount: engine.ServiceAccount{Automount: account.AutomountServiceAccountToken}}, nil
}
