package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/snapshot"
)

// pageSize is how many objects are asked for at once: each page is written down before the next comes.
const pageSize = 500

// access says which cluster is read.
type access struct{ kubeconfig, context string }

// connect returns a client with the rights of whoever calls.
func (a access) connect(version string) (client.Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = a.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: a.context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no cluster to read: %w; set --kubeconfig or KUBECONFIG", err)
	}
	config.UserAgent = "plumbline-snapshot/" + version
	config.QPS, config.Burst = 50, 100
	return client.New(config, client.Options{Scheme: clientgoscheme.Scheme})
}

// reading is a cluster that is read.
type reading struct {
	client   client.Reader
	snapshot *snapshot.Snapshot
	options  snapshot.Options
	progress *progress
	// homes are the namespaces that are asked one by one; none where all are asked together.
	homes []string
	// refused are the kinds that may not be listed, and where.
	refused []string
}

// readCluster takes in a cluster as far as whoever calls may list it. What he may not is an error, unless he asked to skip it.
func (q *request) readCluster(ctx context.Context, s *snapshot.Snapshot, o snapshot.Options) error {
	reader, err := q.access.connect(q.version)
	if err != nil {
		return err
	}
	r := &reading{client: reader, snapshot: s, options: o, progress: q.progress}
	if !slices.ContainsFunc(o.Namespaces, func(name string) bool { return strings.Contains(name, "*") }) {
		r.homes = slices.Compact(slices.Sorted(slices.Values(o.Namespaces)))
	}
	if err := r.namespaces(ctx); err != nil {
		return err
	}
	for _, gvk := range o.Kinds {
		if err := r.kind(ctx, gvk); err != nil {
			return err
		}
	}
	if len(r.refused) > 0 && !q.skipUnreadable {
		return errors.New("you may not list " + strings.Join(r.refused, ", ") +
			": ask for that, choose other kinds with --kinds, or leave them out with --skip-unreadable")
	}
	return nil
}

// namespaces finds out which there are, also those in which nothing else is, as far as that may be read.
func (r *reading) namespaces(ctx context.Context) error {
	for _, name := range r.homes {
		err := r.client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("there is no namespace %s: correct --namespace", name)
		}
		if err != nil && !apierrors.IsForbidden(err) {
			return fmt.Errorf("get namespace %s: %w", name, err)
		}
		r.snapshot.AddNamespace(name)
	}
	if r.homes != nil || r.writes(namespaceKind) {
		return nil
	}
	err := r.pages(ctx, corev1.SchemeGroupVersion.WithKind(namespaceKind), "", func(obj client.Object) error {
		r.snapshot.AddNamespace(obj.GetName())
		return nil
	})
	if err != nil && !apierrors.IsForbidden(err) {
		return fmt.Errorf("list namespaces: %w", err)
	}
	return nil
}

func (r *reading) writes(kind string) bool {
	return slices.ContainsFunc(r.options.Kinds, func(gvk schema.GroupVersionKind) bool { return gvk.Kind == kind })
}

// kind takes in the objects of a kind.
func (r *reading) kind(ctx context.Context, gvk schema.GroupVersionKind) error {
	if r.homes == nil || (snapshot.ClusterScoped(gvk.GroupKind()) && gvk.Kind != namespaceKind) {
		return r.listed(ctx, gvk, "", r.pages(ctx, gvk, "", func(obj client.Object) error { return r.add(gvk, obj) }))
	}
	for _, home := range r.homes {
		var err error
		if gvk.Kind == namespaceKind {
			one := &corev1.Namespace{}
			if err = r.client.Get(ctx, client.ObjectKey{Name: home}, one); err == nil {
				err = r.add(gvk, one)
			}
		} else {
			err = r.pages(ctx, gvk, home, func(obj client.Object) error { return r.add(gvk, obj) })
		}
		if err := r.listed(ctx, gvk, home, err); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) add(gvk schema.GroupVersionKind, obj client.Object) error {
	r.progress.step()
	return r.snapshot.Add(gvk, obj)
}

// listed says what it means that a kind could not be listed.
func (r *reading) listed(ctx context.Context, gvk schema.GroupVersionKind, home string, err error) error {
	what := plural(gvk)
	if home != "" {
		what += " in namespace " + home
	}
	where := home
	if gvk.Kind == namespaceKind {
		where = ""
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("reading was ended: %w", err)
	case apierrors.IsForbidden(err):
		r.refused = append(r.refused, what)
		r.snapshot.Unread(gvk.GroupKind(), where, "whoever made the snapshot may not list "+what)
		return nil
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err):
		r.snapshot.Unread(gvk.GroupKind(), where, "the cluster does not serve them in "+gvk.GroupVersion().String())
		return nil
	}
	return fmt.Errorf("list %s: %w", what, err)
}

// plural returns the name of a kind in URLs and in RBAC rules, with its group.
func plural(gvk schema.GroupVersionKind) string {
	resource, _ := meta.UnsafeGuessKindToResource(gvk)
	return resource.GroupResource().String()
}

// pages goes over the objects of a kind, page by page.
func (r *reading) pages(ctx context.Context, gvk schema.GroupVersionKind, home string, each func(client.Object) error) error {
	for next := ""; ; {
		made, err := clientgoscheme.Scheme.New(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		if err != nil {
			return err
		}
		list, is := made.(client.ObjectList)
		if !is {
			return fmt.Errorf("%T is no list", made)
		}
		if err := r.client.List(ctx, list, client.InNamespace(home), client.Limit(pageSize), client.Continue(next)); err != nil {
			return err
		}
		err = meta.EachListItem(list, func(item runtime.Object) error {
			obj, is := item.(client.Object)
			if !is {
				return fmt.Errorf("%T is no object", item)
			}
			return each(obj)
		})
		if next = list.GetContinue(); err != nil || next == "" {
			return err
		}
	}
}
