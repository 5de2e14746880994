package facts

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// ControllerIndex is the field index of pods, and of what makes pods, by the UID of the watched controller that they name. A
// UID tells a controller from another of its name, which a false reference might name.
const ControllerIndex = "plumbline.dev/controller"

// IndexController returns the keys of an object in ControllerIndex.
func IndexController(obj client.Object) []string {
	w, is := workload.Of(obj)
	if !is {
		return nil
	}
	if owner, ref := controller(w); ref.Kind != "" {
		return []string{string(owner.UID)}
	}
	return nil
}

// controller returns the watched controller that a workload names; an empty reference where it names none, or one that makes
// no such objects.
func controller(w workload.Workload) (metav1.OwnerReference, workload.Ref) {
	owner, owned := workload.Owner(w.Meta)
	if ref := workload.RefTo(owner, w.Namespace); owned && workload.Watched(ref) && workload.Makes(ref.Kind, w.Kind) {
		return owner, ref
	}
	return metav1.OwnerReference{}, workload.Ref{}
}

const (
	// maxDifferent is how many different pods of a target are looked at.
	maxDifferent = 8
	// maxTries is how many pods are asked for until one is still there.
	maxTries = 3
)

// alike are running pods of one controller that are judged alike, and not like those that it makes.
type alike struct {
	of           workload.Ref
	made, digest string
	pods         []workload.Workload
}

// addRunning adds to a target the running pods of its controllers that are not what the templates say, if any baseline asks for
// them.
func (c *Cluster) addRunning(ctx context.Context, t *Target, controllers []workload.Workload) error {
	if !c.needs(engine.NeedRunningPods) {
		return nil
	}
	running := &t.Object.Running
	var different []alike
	for i := range controllers {
		above, err := c.above(ctx, controllers[i])
		if err != nil || above != nil {
			return err // its controller's template counts, not its own
		}
		pods, blind, err := c.podsOf(ctx, controllers[i])
		if err != nil {
			return err
		}
		if blind != "" {
			running.Unreadable = blind
		}
		of, made := template(&t.Object, &controllers[i])
		different = append(different, differing(pods, of, made)...)
	}
	slices.SortFunc(different, func(a, b alike) int {
		return cmp.Or(cmp.Compare(a.of.String(), b.of.String()), cmp.Compare(a.digest, b.digest))
	})
	running.Picture = picture(different)
	if more := len(different) - maxDifferent; more > 0 {
		running.Partial = fmt.Sprintf("they differ from what their templates say in %d ways, of which %d are not looked at", len(different), more)
		different = different[:maxDifferent]
	}
	for i := range different {
		if err := c.addAlike(ctx, running, &different[i]); err != nil {
			return err
		}
	}
	return nil
}

// picture returns what is another once other pods differ from their template, or from another one; empty where none do.
func picture(different []alike) string {
	if len(different) == 0 {
		return ""
	}
	hash := fnv.New64a()
	for i := range different {
		_, _ = hash.Write([]byte(different[i].of.String() + " " + different[i].made + " " + different[i].digest + "\n")) // returns no error
	}
	return strconv.FormatUint(hash.Sum64(), 36)
}

// template returns the workload of an object that a controller is, and the digest of the pods that it makes. Of one that is not
// judged, because it is to run no pods, it returns neither: any pod of it differs.
func template(object *judgement.Object, w *workload.Workload) (of workload.Ref, made string) {
	if !slices.ContainsFunc(object.Workloads, func(one workload.Workload) bool { return one.Ref == w.Ref }) {
		return workload.Ref{}, ""
	}
	token, decided := w.MountsToken()
	if !decided {
		automount := object.Facts[w.Ref].ServiceAccount.Automount
		token = automount == nil || *automount
	}
	return w.Ref, w.MadeDigest(token)
}

// podsOf returns the running pods of a controller, and why there may be more.
func (c *Cluster) podsOf(ctx context.Context, w workload.Workload) (pods []workload.Workload, blind string, err error) {
	for _, kind := range workload.Kinds() {
		if w.Meta.UID == "" || !workload.Makes(w.Kind, kind.Kind) { // in a file it has none, and nothing was made by it
			continue
		}
		if !c.Readable(kind.GroupKind()) {
			return nil, cannotList + kind.Resource, nil
		}
		made, err := List(ctx, c.Cache, kind, client.InNamespace(w.Namespace), client.MatchingFields{ControllerIndex: string(w.Meta.UID)})
		if err != nil {
			return nil, "", err
		}
		for _, one := range made {
			if one.Kind != podKind {
				below, unread, err := c.podsOf(ctx, one)
				if err != nil || unread != "" {
					return nil, unread, err
				}
				pods = append(pods, below...)
			} else if one.Running() {
				pods = append(pods, one)
			}
		}
	}
	return pods, "", nil
}

// differing returns the pods that are not as they are made.
func differing(pods []workload.Workload, of workload.Ref, made string) []alike {
	groups := map[string]*alike{}
	for i := range pods {
		digest := pods[i].Digest()
		if digest == made && made != "" {
			continue
		}
		if groups[digest] == nil {
			groups[digest] = &alike{of: of, made: made, digest: digest}
		}
		groups[digest].pods = append(groups[digest].pods, pods[i])
	}
	found := make([]alike, 0, len(groups))
	for _, one := range groups {
		slices.SortFunc(one.pods, func(a, b workload.Workload) int { return cmp.Compare(a.Name, b.Name) })
		found = append(found, *one)
	}
	return found
}

// addAlike adds pods that are alike. Pods that are all gone by now are not added: that they are is still to be told.
func (c *Cluster) addAlike(ctx context.Context, running *judgement.Running, one *alike) error {
	pod, err := c.specs.of(ctx, c.Live, one)
	if apierrors.IsForbidden(err) {
		running.Unreadable, err = "the operator may not get pods", nil
	}
	if err != nil || pod == nil {
		return err
	}
	w, _ := workload.Of(pod)
	around, _, err := c.aroundOne(ctx, &w)
	if err != nil {
		return err
	}
	running.Pods = append(running.Pods, judgement.RunningPods{
		Of: one.of, Pod: w, Facts: around, Count: int32(len(one.pods)), Name: one.pods[0].Name, //nolint:gosec // fewer than 2^31
	})
	return nil
}

const podKind = "Pod"

// The bounds of what is remembered of pods that are not as their templates.
const (
	maxSpecs     = 256
	maxSpecBytes = 16 << 10
)

// specs remembers what is judged of pods by their digests, so that not every pod that comes or goes beside one that a webhook
// has changed has it read again.
type specs struct {
	mu       sync.Mutex
	byDigest map[string]*corev1.Pod
}

// of returns one of the pods that are alike, read from the API server unless it is remembered; nil when those that were asked
// for are gone.
func (s *specs) of(ctx context.Context, live client.Reader, one *alike) (*corev1.Pod, error) {
	if pod := s.get(one); pod != nil {
		return pod, nil
	}
	for i := range one.pods[:min(len(one.pods), maxTries)] {
		var pod corev1.Pod
		key := client.ObjectKey{Namespace: one.pods[i].Namespace, Name: one.pods[i].Name}
		if err := live.Get(ctx, key, &pod); err != nil {
			if err = ignoreNotFound(err, podKind+" "+key.String()); err != nil {
				return nil, err
			}
			continue
		}
		if pod.UID != one.pods[i].Meta.UID {
			continue
		}
		return s.put(&pod), nil
	}
	return nil, nil
}

func (s *specs) get(one *alike) *corev1.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.byDigest[one.digest]
	if known == nil {
		return nil
	}
	pod := *known
	meta := one.pods[0].Meta
	pod.Namespace, pod.Name, pod.UID, pod.Labels = meta.Namespace, meta.Name, meta.UID, meta.Labels
	return &pod
}

// put returns what is judged of a pod, and remembers it if it is not too large.
func (s *specs) put(whole *corev1.Pod) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: whole.Namespace, Name: whole.Name, UID: whole.UID, Labels: whole.Labels, Annotations: whole.Annotations,
	}, Spec: whole.Spec}
	pod.Spec.EphemeralContainers = nil
	workload.Trim(pod) // all of it stays, as it names no controller any more
	w, _ := workload.Of(pod)
	digest := w.Digest()
	if pod.Spec.Size() > maxSpecBytes || digest == "" {
		return pod
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byDigest == nil || len(s.byDigest) >= maxSpecs {
		s.byDigest = map[string]*corev1.Pod{}
	}
	s.byDigest[digest] = pod
	return pod
}

// above returns the watched controller that made a workload, if the cache holds it.
func (c *Cluster) above(ctx context.Context, w workload.Workload) (client.Object, error) {
	owner, ref := controller(w)
	kind, watched := workload.KindOf(ref.GroupKind())
	if !watched {
		return nil, nil
	}
	obj, err := get(ctx, c.Cache, kind, ref)
	if obj == nil || err != nil || obj.GetUID() != owner.UID {
		return nil, err
	}
	return obj, nil
}

// Top returns the target that stands for a workload which names a controller, as far as the cache knows: the top controller of
// a pod. It is false for a workload that stands for itself.
func (c *Cluster) Top(ctx context.Context, w workload.Workload) (workload.Ref, bool, error) {
	for found := false; ; found = true { // controllers of one kind make only objects of others: it ends
		obj, err := c.above(ctx, w)
		if err != nil {
			return workload.Ref{}, false, err
		}
		if obj == nil {
			owner, owned := workload.Owner(w.Meta)
			if ref := workload.RefTo(owner, w.Namespace); owned && !workload.Watched(ref) {
				return ref, true, nil
			}
			return w.Ref, found, nil
		}
		w, _ = workload.Of(obj)
	}
}
