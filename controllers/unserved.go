package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/internal/facts"
)

// Unserved says whether the API server does not serve a kind that is followed: nothing of it can be there, which is no reason to say
// that something cannot be read. Only guardrails may be so: admission policies are younger than other kinds.
func (w *Watches) Unserved(gk schema.GroupKind) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, kind := range w.kinds {
		if kind.gvk.GroupKind() == gk {
			return kind.informer == nil && kind.reason == ""
		}
	}
	return false
}

// followLater registers a kind that the API server does not serve. It is followed once it is, as after an upgrade.
func (w *Watches) followLater(ctx context.Context, obj client.Object, gvk schema.GroupVersionKind) (*followed, error) {
	reason, err := w.whyUnread(gvk.GroupKind())
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = ctx
	name := fmt.Sprintf("%T", obj)
	if w.kinds[name] == nil {
		w.kinds[name] = &followed{obj: obj, gvk: gvk, reason: reason}
		log.FromContext(ctx).Info("the API server does not serve a kind: it is followed once it is", "kind", gvk.String())
		go w.untilServed(ctx, w.kinds[name])
	}
	return w.kinds[name], nil
}

// whyUnread says why objects of a kind may be there that are not read: it is served in an older version alone. It is empty where it is
// not served at all.
func (w *Watches) whyUnread(gk schema.GroupKind) (string, error) {
	version, err := facts.OlderVersion(w.client.RESTMapper(), gk)
	if version == "" || err != nil {
		return "", err
	}
	return "the API server serves it in " + version + ", and it is read in v1: upgrade the API server", nil
}

// untilServed asks, now and then, whether a kind is served, and then follows it. What is there when it is read for the first time is
// judged with all else.
func (w *Watches) untilServed(ctx context.Context, kind *followed) {
	const seldom = 6 // times as seldom as for a kind that may not be read: an API server is rarely upgraded
	err := wait.PollUntilContextCancel(ctx, seldom*w.Recheck, false, func(ctx context.Context) (bool, error) {
		err := w.begin(ctx, kind)
		if err == nil {
			return true, nil
		}
		if meta.IsNoMatchError(err) {
			err = w.noteUnread(kind)
		}
		if err != nil {
			log.FromContext(ctx).Error(err, "cannot find out whether a kind is served by now", "kind", kind.gvk.String())
		}
		return false, nil
	})
	if err == nil && toolscache.WaitForCacheSync(ctx.Done(), func() bool { return w.Readable(kind.gvk.GroupKind()) }) {
		w.regained()
	}
}

// noteUnread takes down that a kind came to be served in an older version, which the baselines then say.
func (w *Watches) noteUnread(kind *followed) error {
	reason, err := w.whyUnread(kind.gvk.GroupKind())
	if err != nil {
		return err
	}
	w.mu.Lock()
	changed := kind.reason != reason
	kind.reason = reason
	w.mu.Unlock()
	if changed {
		w.lost()
	}
	return nil
}

// begin follows a kind that was not served before, if it is now.
func (w *Watches) begin(ctx context.Context, kind *followed) error {
	mapping, err := w.client.RESTMapper().RESTMapping(kind.gvk.GroupKind(), kind.gvk.Version)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	informer, err := w.inform(ctx, kind.obj, kind.gvk)
	if err != nil {
		return err
	}
	kind.resource, kind.informer, kind.reason = mapping.Resource.GroupResource(), informer, ""
	return kind.handle()
}
