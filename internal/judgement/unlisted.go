package judgement

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// unlisted says that not all whom a binding names were judged, of a baseline that judges users or groups, be the binding in its
// scope or not. What was found on the binding itself is judged as ever, so that nothing is kept for it.
func (one *judged) unlisted(b *baseline.Baseline, object *Object) {
	if object.Unlisted == "" || !slices.ContainsFunc([]string{rbacv1.UserKind, rbacv1.GroupKind}, func(kind string) bool {
		return b.Covers(workload.Ref{Group: rbacv1.GroupName, Kind: kind, Name: "*"}, nil, baseline.Namespace{}) != baseline.NotCovered
	}) {
		return
	}
	one.NotEvaluated = append(one.NotEvaluated, engine.NotEvaluated{Baseline: b.Name, Reason: object.Unlisted})
}
