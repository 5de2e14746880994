package scan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

// pageSize is how many objects are asked for at once: each page is trimmed before the next comes.
const pageSize = 500

// access says which cluster is read, and which namespace of it; all of them where it is empty.
type access struct {
	kubeconfig, context, namespace string
}

// connect returns a client with the rights of whoever calls.
func (a access) connect(version string) (client.Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = a.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: a.context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no cluster to read: %w; set --kubeconfig or KUBECONFIG", err)
	}
	config.UserAgent = "plumbline-scan/" + version
	config.QPS, config.Burst = 50, 100
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}

// listed is a kind that is read of a cluster.
type listed struct {
	schema.GroupKind
	resource   string
	namespaced bool
	list       func() client.ObjectList
}

// kindsOfCluster are all kinds that are judged, or that say something about others.
func kindsOfCluster() []listed {
	var kinds []listed
	for _, kind := range workload.Kinds() {
		kinds = append(kinds, listed{kind.GroupKind(), kind.Resource, true, func() client.ObjectList {
			list, _ := kind.NewList().(client.ObjectList)
			return list
		}})
	}
	group := func(kind string) schema.GroupKind { return schema.GroupKind{Group: rbacv1.GroupName, Kind: kind} }
	return append(kinds,
		listed{schema.GroupKind{Kind: "ServiceAccount"}, "serviceaccounts", true, func() client.ObjectList { return &corev1.ServiceAccountList{} }},
		listed{schema.GroupKind{Kind: "Namespace"}, "namespaces", false, func() client.ObjectList { return &corev1.NamespaceList{} }},
		listed{group("Role"), "roles", true, func() client.ObjectList { return &rbacv1.RoleList{} }},
		listed{group("ClusterRole"), "clusterroles", false, func() client.ObjectList { return &rbacv1.ClusterRoleList{} }},
		listed{group("RoleBinding"), "rolebindings", true, func() client.ObjectList { return &rbacv1.RoleBindingList{} }},
		listed{group("ClusterRoleBinding"), "clusterrolebindings", false, func() client.ObjectList { return &rbacv1.ClusterRoleBindingList{} }},
		listed{schema.GroupKind{Group: networkingv1.GroupName, Kind: "NetworkPolicy"}, "networkpolicies", true,
			func() client.ObjectList { return &networkingv1.NetworkPolicyList{} }},
	)
}

// cluster reads a cluster as far as whoever calls may. Of kinds that he may not list nothing is known, which is said.
func cluster(ctx context.Context, reader client.Client, namespace string, progress *progress) (*world, []UnreadableKind, error) {
	w := &world{seen: horizon{live: true, whole: namespace == "", namespaces: map[string]bool{}}}
	if namespace != "" {
		w.seen.namespaces[namespace] = true
	}
	denied := map[schema.GroupKind]bool{}
	var unreadable []UnreadableKind
	for _, kind := range kindsOfCluster() {
		err := w.list(ctx, reader, kind, namespace, progress)
		if apierrors.IsForbidden(err) {
			denied[kind.GroupKind] = true
			unreadable = append(unreadable, UnreadableKind{kind.resource, "you may not list " + kind.resource})
		} else if err != nil {
			return nil, nil, fmt.Errorf("list %s: %w", kind.resource, err)
		}
	}
	var baselines v1alpha1.SecurityBaselineList
	switch err := reader.List(ctx, &baselines); {
	case err == nil:
		for i := range baselines.Items {
			w.baselines = append(w.baselines, declared{&baselines.Items[i], manifest.Source{File: "cluster", Line: 1}})
		}
	case !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err):
		return nil, nil, fmt.Errorf("list securitybaselines: %w", err)
	}
	others, err := otherPolicies(ctx, reader)
	if err != nil {
		return nil, nil, err
	}
	w.seen.readable = func(gk schema.GroupKind) bool { return !denied[gk] }
	w.seen.otherPolicies = func(namespace string) []string {
		return slices.Sorted(slices.Values(append(slices.Clone(others[""]), others[namespace]...)))
	}
	return w, unreadable, nil
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

// otherPolicies returns the policies of other engines by namespace. A kind that cannot be read counts as one with policies
// everywhere.
func otherPolicies(ctx context.Context, reader client.Client) (map[string][]string, error) {
	found := map[string]map[string]bool{}
	add := func(namespace, name string) {
		if found[namespace] == nil {
			found[namespace] = map[string]bool{}
		}
		found[namespace][name] = true
	}
	for _, kind := range network.OtherPolicyKinds {
		policies, err := policiesOf(ctx, reader, kind)
		switch {
		case apierrors.IsForbidden(err):
			add("", fmt.Sprintf("%s of %s, which cannot be read,", kind.Kind, kind.Group))
		case err != nil:
			return nil, fmt.Errorf("list %s: %w", kind, err)
		}
		for i := range policies {
			add(policies[i].Namespace, kind.Kind+" "+strings.TrimPrefix(policies[i].Namespace+"/"+policies[i].Name, "/"))
		}
	}
	byNamespace := map[string][]string{}
	for namespace, names := range found {
		byNamespace[namespace] = slices.Collect(maps.Keys(names))
	}
	return byNamespace, nil
}

// policiesOf lists a kind by its metadata, in whatever version it is served; nothing where it is not.
func policiesOf(ctx context.Context, reader client.Client, kind schema.GroupKind) ([]metav1.PartialObjectMetadata, error) {
	mapping, err := reader.RESTMapper().RESTMapping(kind)
	if err != nil {
		if meta.IsNoMatchError(err) {
			return nil, nil
		}
		return nil, err
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(mapping.GroupVersionKind.GroupVersion().WithKind(kind.Kind + "List"))
	if err := reader.List(ctx, list); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return list.Items, nil
}
