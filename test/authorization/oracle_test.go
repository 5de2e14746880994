package authorization_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"plumbline.dev/plumbline/internal/rbac"
)

const (
	patience = time.Minute // for a machine that does much else; usually it is a second
	interval = 50 * time.Millisecond
)

// oracle is the API server, and what was read of its world when all of it was known to the authorizer.
type oracle struct {
	kubernetes.Interface
	config *rest.Config
	world  world
}

func newOracle(config *rest.Config) (*oracle, error) {
	fast := rest.CopyConfig(config)
	fast.ContentType = kruntime.ContentTypeProtobuf
	client, err := kubernetes.NewForConfig(fast)
	return &oracle{Interface: client, config: config}, err
}

// verdict is an answer of the API server.
type verdict struct {
	allowed bool
	reason  string
}

// review asks the API server one question.
func (o *oracle) review(ctx context.Context, q question) (verdict, error) {
	name, in := identity(q.who)
	spec := authorizationv1.SubjectAccessReviewSpec{User: name, Groups: in}
	if q.Resource == "" {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: q.Verb, Path: q.Path}
	} else {
		spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
			Verb: q.Verb, Group: q.Group, Resource: q.Resource, Subresource: q.Subresource, Name: q.Name, Namespace: q.Namespace,
		}
	}
	review := &authorizationv1.SubjectAccessReview{Spec: spec}
	answer, err := o.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return verdict{}, fmt.Errorf("%s: %w", q, err)
	}
	return verdict{answer.Status.Allowed, answer.Status.Reason}, nil
}

// settle makes the world, and returns when its aggregated roles have their rules and the authorizer knows it all.
func (o *oracle) settle(ctx context.Context, w world) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := o.makeNamespaces(ctx); err != nil {
		return err
	}
	objects := w.with(newProbe(0).world).objects()
	if err := inParallel(len(objects), func(i int) error { return o.create(ctx, objects[i]) }); err != nil {
		return err
	}
	attempt := 0
	last := errors.New("nothing was read")
	err := wait.PollUntilContextCancel(ctx, interval, true, func(ctx context.Context) (bool, error) {
		before, err := o.read(ctx)
		if err != nil {
			return false, err
		}
		if last = before.aggregated(); last != nil {
			return false, nil //nolint:nilerr // it is tried again, and told when there is no more time
		}
		attempt++
		if err := o.probe(ctx, attempt); err != nil {
			return false, err
		}
		if o.world, err = o.read(ctx); err != nil {
			return false, err
		}
		last = o.world.unchanged(before)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the world does not settle: %w", errors.Join(err, last))
	}
	return nil
}

func (o *oracle) makeNamespaces(ctx context.Context) error {
	return inParallel(len(namespaces), func(i int) error {
		namespace := &corev1.Namespace{ObjectMeta: named("", namespaces[i])}
		_, err := o.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
		return err
	})
}

func (o *oracle) create(ctx context.Context, obj kruntime.Object) error {
	var err error
	switch x := obj.(type) {
	case *rbacv1.Role:
		_, err = o.RbacV1().Roles(x.Namespace).Create(ctx, x, metav1.CreateOptions{})
	case *rbacv1.ClusterRole:
		_, err = o.RbacV1().ClusterRoles().Create(ctx, x, metav1.CreateOptions{})
	case *rbacv1.RoleBinding:
		_, err = o.RbacV1().RoleBindings(x.Namespace).Create(ctx, x, metav1.CreateOptions{})
	case *rbacv1.ClusterRoleBinding:
		_, err = o.RbacV1().ClusterRoleBindings().Create(ctx, x, metav1.CreateOptions{})
	}
	return err
}

// probe returns when the authorizer knows an object of each kind that is created now. Because it is told of those of a
// kind in order, it knows all that were created before.
func (o *oracle) probe(ctx context.Context, attempt int) error {
	p := newProbe(attempt)
	for _, obj := range p.objects() {
		if err := o.create(ctx, obj); err != nil {
			return err
		}
	}
	return wait.PollUntilContextCancel(ctx, interval, true, func(ctx context.Context) (bool, error) {
		first, err := o.review(ctx, p.inCluster)
		if err != nil || !first.allowed {
			return false, err
		}
		second, err := o.review(ctx, p.inNamespace)
		return second.allowed, err
	})
}

// probe is one object of each kind, and two questions that are allowed once all four are known.
type probe struct {
	world
	inCluster, inNamespace question
}

// newProbe makes a probe. All of them have the same rule, so that a further one changes no aggregated role.
func newProbe(attempt int) probe {
	const apiGroup, resource = "probe.example.com", "probes"
	name := fmt.Sprintf("probe-%d", attempt)
	rule := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{apiGroup}, Resources: []string{resource}}
	where, everywhere, here := namespaces[0], user(name+"-cluster"), user(name+"-namespace")
	request := rbac.Request{Verb: "get", Group: apiGroup, Resource: resource, Namespace: where}
	return probe{
		world: world{
			roles:           []rbacv1.Role{role(where, name, rule)},
			clusterRoles:    []rbacv1.ClusterRole{clusterRole(name, nil, rule)},
			bindings:        []rbacv1.RoleBinding{binding(where, name, toRole(name), here)},
			clusterBindings: []rbacv1.ClusterRoleBinding{clusterBinding(name, name, everywhere)},
		},
		inCluster:   question{everywhere, request},
		inNamespace: question{here, request},
	}
}

// read returns the world as it is, with what the API server made itself.
func (o *oracle) read(ctx context.Context) (world, error) {
	roles, err := o.RbacV1().Roles("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return world{}, err
	}
	clusterRoles, err := o.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return world{}, err
	}
	bindings, err := o.RbacV1().RoleBindings("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return world{}, err
	}
	clusterBindings, err := o.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		return world{}, err
	}
	w := world{roles.Items, clusterRoles.Items, bindings.Items, clusterBindings.Items}
	for i := range w.clusterRoles {
		if w.clusterRoles[i].AggregationRule != nil { // in an order that depends on who was aggregated first
			slices.SortFunc(w.clusterRoles[i].Rules, func(a, b rbacv1.PolicyRule) int { return strings.Compare(a.String(), b.String()) })
		}
	}
	return w, nil
}

// aggregated is an error unless each aggregated ClusterRole has the rules of those that it selects, and no others.
func (w world) aggregated() error {
	for i := range w.clusterRoles {
		r := &w.clusterRoles[i]
		if r.AggregationRule == nil {
			continue
		}
		selected, err := w.selected(r)
		if err != nil {
			return err
		}
		have := map[string]bool{}
		for j := range r.Rules {
			have[r.Rules[j].String()] = true
		}
		if !maps.Equal(have, selected) {
			return fmt.Errorf("ClusterRole %s has %d rules, those it selects have %d", r.Name, len(have), len(selected))
		}
	}
	return nil
}

// selected are the rules of the ClusterRoles that an aggregated one selects.
func (w world) selected(r *rbacv1.ClusterRole) (map[string]bool, error) {
	found := map[string]bool{}
	for i := range r.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&r.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, err
		}
		for j := range w.clusterRoles {
			other := &w.clusterRoles[j]
			if other.Name == r.Name || !selector.Matches(labels.Set(other.Labels)) {
				continue
			}
			for k := range other.Rules {
				found[other.Rules[k].String()] = true
			}
		}
	}
	return found, nil
}

// unchanged is an error if an object of the world before is another now, or gone. Probes were added.
func (w world) unchanged(before world) error {
	now := w.versions()
	for ref, version := range before.versions() {
		if now[ref] != version {
			return fmt.Errorf("%s changed while the questions were prepared or asked", ref)
		}
	}
	return nil
}

// inParallel calls do with the numbers below n, some at a time, and returns the errors.
func inParallel(n int, do func(int) error) error {
	var (
		lock    sync.Mutex
		workers sync.WaitGroup
		errs    = map[string]error{}
	)
	numbers := make(chan int)
	for range 4 * runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range numbers {
				if err := do(i); err != nil {
					lock.Lock()
					errs[err.Error()] = err
					lock.Unlock()
				}
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	workers.Wait()
	return errors.Join(slices.Collect(maps.Values(errs))...)
}
