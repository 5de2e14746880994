package scan

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// pageSize is how many objects are asked for at once: each page is trimmed before the next comes.
const pageSize = 500

// access says which cluster is read, and which namespace of it; all of them where it is empty.
type access struct {
	kubeconfig, context, namespace string
}

// connect returns a client with the rights of whoever calls, and how it reaches the cluster.
func (a access) connect(version string) (client.Client, *rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = a.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: a.context}).ClientConfig()
	if err != nil {
		return nil, nil, fmt.Errorf("no cluster to read: %w; set --kubeconfig or KUBECONFIG", err)
	}
	config.UserAgent = "plumbline-scan/" + version
	config.QPS, config.Burst = 50, 100
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, nil, err
	}
	reader, err := client.New(config, client.Options{Scheme: scheme})
	return reader, config, err
}

// listed is a kind that is read of a cluster.
type listed struct {
	schema.GroupKind
	resource   string
	namespaced bool
	list       func() client.ObjectList
}

// kindsOfCluster are all kinds that are judged, or that say something about others. What keeps drift out of a cluster says nothing
// about others: it is read where a baseline asks for it.
func kindsOfCluster(set *baseline.Set) []listed {
	var kinds []listed
	for _, kind := range workload.Kinds() {
		kinds = append(kinds, listed{kind.GroupKind(), kind.Resource, true, func() client.ObjectList {
			list, _ := kind.NewList().(client.ObjectList)
			return list
		}})
	}
	for _, obj := range facts.KindsOf(workload.Any) {
		ref, _ := facts.RefOf(obj)
		gk := ref.GroupKind()
		if class, _ := workload.ClassOf(gk); class == workload.Guardrails && !asksForGuardrails(set, gk.Kind) {
			continue
		}
		_, resource := facts.ListOf(gk)
		kinds = append(kinds, listed{gk, resource, !pinned.IsClusterScoped(gk), func() client.ObjectList {
			list, _ := facts.ListOf(gk)
			return list
		}})
	}
	return kinds
}

// asksForGuardrails says whether a baseline watches guardrails, declares some of a kind, or closes the list of it.
func asksForGuardrails(set *baseline.Set, kind string) bool {
	return slices.ContainsFunc(set.All(), func(b *baseline.Baseline) bool { return b.Judges(workload.Guardrails) || b.Names(kind) })
}

// cluster reads of a cluster what baselines look at, as far as whoever calls may. Of kinds that he may not list nothing is known,
// which is said.
func cluster(
	ctx context.Context, reader client.Client, set *baseline.Set, namespace string, progress *progress,
) (*world, []UnreadableKind, error) {
	w := &world{seen: horizon{
		live: true, whole: namespace == "", namespaces: map[string]bool{},
		denied: map[schema.GroupKind]string{}, refused: map[workload.Ref]string{},
	}}
	if namespace != "" {
		w.seen.namespaces[namespace] = true
	}
	var unreadable []UnreadableKind
	for _, kind := range kindsOfCluster(set) {
		err := w.list(ctx, reader, kind, namespace, progress)
		switch class, _ := workload.ClassOf(kind.GroupKind); {
		case apierrors.IsForbidden(err):
			why := "you may not list " + kind.resource
			w.seen.denied[kind.GroupKind] = why
			unreadable = append(unreadable, UnreadableKind{kind.resource, why})
		case class == workload.Guardrails && isAbsent(err): // by an older server
			if err := w.unserved(reader.RESTMapper(), kind); err != nil {
				return nil, nil, err
			}
		case err != nil:
			return nil, nil, fmt.Errorf("list %s: %w", kind.resource, err)
		}
	}
	if err := w.getDeclared(ctx, reader, set); err != nil {
		return nil, nil, err
	}
	return w, unreadable, w.listOtherPolicies(ctx, reader, namespace)
}

// unserved takes down that nothing can be said of a kind that is served in an older version alone. Where it is not served at all, there
// is nothing of it.
func (w *world) unserved(mapper meta.RESTMapper, kind listed) error {
	version, err := facts.OlderVersion(mapper, kind.GroupKind)
	if version != "" {
		w.seen.denied[kind.GroupKind] = "the cluster serves " + kind.resource + " in " + version + ", and not in v1"
	}
	return err
}

// baselinesOf returns the SecurityBaselines of a cluster; none where there are none, or whoever calls may not list them.
func baselinesOf(ctx context.Context, reader client.Client) ([]declared, error) {
	var list v1alpha1.SecurityBaselineList
	if err := reader.List(ctx, &list); err != nil {
		if apierrors.IsForbidden(err) || isAbsent(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list securitybaselines: %w", err)
	}
	found := make([]declared, len(list.Items))
	for i := range list.Items {
		found[i] = declared{&list.Items[i], manifest.Source{File: "cluster", Line: 1}}
	}
	return found, nil
}

// isAbsent says whether there is no such object, or not even its kind.
func isAbsent(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }

// getDeclared takes in, one by one, what is declared and of kinds that are not listed, such as the policies of Kyverno.
func (w *world) getDeclared(ctx context.Context, reader client.Reader, set *baseline.Set) error {
	for _, ref := range pinnedBy(set) {
		if _, listed := workload.ClassOf(ref.GroupKind()); listed || !w.seen.sees(workload.Home(ref)) {
			continue
		}
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(schema.FromAPIVersionAndKind(set.Declares(ref).APIVersion, ref.Kind))
		switch err := reader.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, obj); {
		case err == nil:
			w.add(obj, manifest.Source{})
		case apierrors.IsForbidden(err):
			w.seen.refused[ref] = "you may not get it"
		case !isAbsent(err):
			return fmt.Errorf("get %s: %w", ref, err)
		}
	}
	return nil
}

// list takes in all objects of a kind, page by page.
func (w *world) list(ctx context.Context, reader client.Reader, kind listed, namespace string, progress *progress) error {
	if namespace != "" && kind.Kind == "Namespace" {
		var one corev1.Namespace
		if err := reader.Get(ctx, client.ObjectKey{Name: namespace}, &one); err != nil {
			return err
		}
		w.add(&one, manifest.Source{})
		return nil
	}
	next := ""
	for {
		options := []client.ListOption{client.Limit(pageSize), client.Continue(next)}
		if kind.namespaced {
			options = append(options, client.InNamespace(namespace))
		}
		list := kind.list()
		if err := reader.List(ctx, list, options...); err != nil {
			return err
		}
		err := meta.EachListItem(list, func(item runtime.Object) error {
			w.add(item.DeepCopyObject(), manifest.Source{}) // a page that one object is kept of would be kept whole
			progress.step("reading", len(w.objects), 0)
			return nil
		})
		if next = list.GetContinue(); err != nil || next == "" {
			return err
		}
	}
}
