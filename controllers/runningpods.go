package controllers

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/workload"
)

// runBelow returns the top controllers, before and after, of a workload if it is no longer certain how the pods are that run
// below these, and any baseline asks. What was there when the watch began is judged with the baselines that cover it.
func (w *wiring) runBelow(ctx context.Context, c change, before, after *workload.Workload) []workload.Ref {
	if c.initial || !w.asked(engine.NeedRunningPods) || (before != nil && after != nil && sameToRun(before, after)) {
		return nil
	}
	var keys []workload.Ref
	for _, one := range []*workload.Workload{before, after} {
		if one == nil || !workload.Trimmed(*one) {
			continue
		}
		top, is, err := w.targets.facts.Top(ctx, *one)
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot judge again what controls a workload", "workload", one.String())
		}
		if is {
			keys = append(keys, top)
		}
	}
	w.targets.arrivals.arrived(keys, w.options.Clock.Now())
	return keys
}

// sameToRun says whether what a workload is for its controller has not changed: which one that is, whether it runs, and of a
// pod of which the cache keeps nothing else, its digest.
func sameToRun(before, after *workload.Workload) bool {
	return before.Meta.UID == after.Meta.UID && before.Running() == after.Running() &&
		equality.Semantic.DeepEqual(before.Meta.OwnerReferences, after.Meta.OwnerReferences) &&
		(!workload.Trimmed(*after) || before.Digest() == after.Digest())
}

// judgeSettled judges a target, and its running pods as soon as it is certain how they are. wait is how long it must last yet what
// may be so for a moment only.
func (r *targetReconciler) judgeSettled(
	ctx context.Context, ref workload.Ref, set *baseline.Set, target *facts.Target, last *v1alpha1.DriftReport, wait time.Duration,
) (reconcile.Result, bool, error) {
	running := &target.Object.Running
	left := r.settling.wait(ref, running.Picture, r.clock.Now())
	running.Settling = left > 0
	if target.Object.Passing != "" && wait > 0 { // a policy runs no pods
		target.Object.Settling, left = true, wait
	}
	result, wrote, err := r.judge(ctx, ref, set, target, last)
	if err == nil && left > 0 {
		result.RequeueAfter = left
	}
	return result, wrote, err
}

// podIn returns the pod that a finding on running pods was made of, and the field there that it speaks of.
func podIn(target *facts.Target, pod string, f *engine.Finding) (object v1alpha1.TargetReference, path string) {
	path = f.Path
	if !strings.HasPrefix(path, "spec.") && !strings.HasPrefix(path, "metadata.") { // what it holds, it holds by who it runs as
		path = "spec.serviceAccountName"
	}
	return v1alpha1.TargetReference{
		APIVersion: corev1.SchemeGroupVersion.String(), Kind: "Pod", Namespace: target.Reference.Namespace, Name: pod,
	}, path
}
