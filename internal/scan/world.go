package scan

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// given is an object, and where it stands.
type given struct {
	object client.Object
	ref    workload.Ref
	source manifest.Source
}

// declared is a SecurityBaseline, and where it stands.
type declared struct {
	baseline *v1alpha1.SecurityBaseline
	source   manifest.Source
}

// world is all that was given: files, or a cluster.
type world struct {
	objects   []given
	baselines []declared
	problems  []Problem
	stats     manifest.Stats
	loader    *manifest.Loader // nil for a cluster
	root      string           // the directory that holds all files
	seen      horizon
	shared    shared
}

// load reads files. What cannot be read is among the problems.
func load(ctx context.Context, loader *manifest.Loader, paths []string, progress *progress) (*world, error) {
	w := &world{loader: loader, root: rootOf(paths)}
	for object, problem := range loader.Load(ctx, paths) {
		if problem != nil {
			w.problems = append(w.problems, Problem{Source: sourceOf(problem.Source), Message: problem.Message})
			continue
		}
		w.add(object.Object, object.Source)
		progress.step("reading", len(w.objects), 0)
	}
	w.refusedPolicies()
	w.stats = loader.Stats()
	w.stats.Skipped += w.seen.others.count
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading was ended: %w", err)
	}
	return w, nil
}

// add takes in an object, without what nobody judges.
func (w *world) add(obj runtime.Object, source manifest.Source) {
	if sb, is := obj.(*v1alpha1.SecurityBaseline); is {
		w.baselines = append(w.baselines, declared{sb, source})
		return
	}
	if policy, is := obj.(*metav1.PartialObjectMetadata); is {
		w.seen.others.add(policy.GroupVersionKind().GroupKind(), policy)
		return
	}
	object, is := obj.(client.Object)
	if !is {
		return
	}
	ref, judged := refOf(object)
	if !judged {
		return
	}
	trim(object)
	if one, is := workload.Of(object); is {
		w.shared.in(&one)
	}
	w.objects = append(w.objects, given{object, ref, source})
}

// trim drops what nobody judges. What names a watched controller is kept whole: that controller may not be given.
func trim(obj client.Object) {
	obj.SetManagedFields(nil)
	if one, is := workload.Of(obj); is && workload.Trimmed(one) {
		return
	}
	workload.Trim(obj)
	rbac.Trim(obj)
	if np, is := obj.(*networkingv1.NetworkPolicy); is {
		network.Trim(np)
	}
}

// refOf returns the identity of an object, and false for one of a kind that is not judged.
func refOf(obj client.Object) (workload.Ref, bool) {
	if w, is := workload.Of(obj); is {
		return w.Ref, true
	}
	if raw, is := obj.(*unstructured.Unstructured); is { // one that may be declared
		gvk := raw.GroupVersionKind()
		return workload.Ref{Group: gvk.Group, Kind: gvk.Kind, Namespace: raw.GetNamespace(), Name: raw.GetName()}, true
	}
	return facts.RefOf(obj)
}
