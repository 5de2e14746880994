package scan

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// maxLayered bounds the work that objects make which are given many times: layers times the objects of each.
const maxLayered = 2_000_000

// aim is something to judge, and the object for which it is.
type aim struct {
	ref    workload.Ref
	object *given
}

// layer is a world in which every object is there once. Trees that hold a directory for each environment hold the same
// object several times: the first of each is judged among the first of all others, the second among the second of those
// that are there twice, and so on.
type layer struct {
	number  int
	objects []client.Object
	cluster *facts.Cluster // while it is judged
	aims    []aim
	horizon
}

// layers makes layers of all that was given. Objects that are given too often are left, and returned.
func (w *world) layers(set *baseline.Set) (layers []*layer, left []given) {
	copies := map[workload.Ref][]int{}
	most, permitting := 0, false
	for i := range w.objects {
		ref := w.objects[i].ref
		copies[ref] = append(copies[ref], i)
		most = max(most, len(copies[ref]))
		permitting = permitting || isPermission(ref)
	}
	of := len(copies)
	if permitting && !w.seen.live {
		of += len(builtin.Objects())
	}
	bound := max(1, maxLayered/max(1, of))
	var known permissions
	for number := range min(most, bound) {
		layers = append(layers, w.layer(number, copies, set, &known))
	}
	for _, places := range copies {
		for _, i := range places[min(len(places), bound):] {
			left = append(left, w.objects[i])
		}
	}
	return layers, left
}

// layer makes one layer, and takes down what is judged in it: what is in no layer before.
func (w *world) layer(number int, copies map[workload.Ref][]int, set *baseline.Set, known *permissions) *layer {
	l := &layer{number: number, horizon: w.seen.clone()}
	var objects, permitting []client.Object
	aimed := map[workload.Ref]bool{}
	for _, i := range chosen(number, copies) {
		one := &w.objects[i]
		if isPermission(one.ref) {
			permitting = append(permitting, one.object)
		} else {
			objects = append(objects, one.object)
		}
		l.see(one)
		if len(copies[one.ref]) <= number {
			continue
		}
		for _, ref := range aimsOf(one, set) {
			if !aimed[ref] {
				aimed[ref] = true
				l.aims = append(l.aims, aim{ref, one})
			}
		}
	}
	if number == 0 {
		l.aims = append(l.aims, absentees(set, copies)...)
	}
	if !w.seen.live {
		objects = l.withDefaultAccounts(objects)
	}
	if !w.seen.live && l.rbac {
		permitting = known.of(permitting)
	}
	l.objects = slices.Concat(objects, permitting)
	return l
}

// open makes the cluster of a layer, which takes more memory than its objects, and close lets it go.
func (l *layer) open(set *baseline.Set) {
	l.cluster = facts.RememberedFor(l.objects, set.Needs)
	l.cluster.Declares = set.Declares
	l.cluster.Readable, l.cluster.OtherPolicies = l.readable, l.others.in
	server := l.server
	l.cluster.Server = func(context.Context) int { return server }
}

func (l *layer) close() { *l = layer{number: l.number} }

// chosen returns which objects are in a layer: of each the copy of the number, or the last that there is.
func chosen(number int, copies map[workload.Ref][]int) []int {
	places := make([]int, 0, len(copies))
	for _, of := range copies {
		places = append(places, of[min(number, len(of)-1)])
	}
	slices.Sort(places)
	return places
}

func isPermission(ref workload.Ref) bool {
	class, _ := workload.ClassOf(ref.GroupKind())
	return class == workload.Roles || class == workload.Bindings
}

// aimsOf returns what is judged for an object: the object itself, or the controller of it that is not watched, and the first of the
// users and groups that it names, and whom a ceiling calls by name. What is declared is held against that itself, whoever stands for it.
func aimsOf(one *given, set *baseline.Set) []workload.Ref {
	if w, is := workload.Of(one.object); is {
		refs := []workload.Ref{w.Target()}
		if refs[0] != w.Ref && set.Declares(w.Ref) != nil {
			refs = append(refs, w.Ref)
		}
		return refs
	}
	refs := []workload.Ref{one.ref}
	if binding, is := rbac.BindingOf(one.object); is {
		first, beyond := binding.Named()
		for _, holder := range first {
			refs = append(refs, holder.Ref())
		}
		for _, holder := range beyond {
			if set.Asks(holder.Ref()) {
				refs = append(refs, holder.Ref())
			}
		}
	}
	return refs
}

// withDefaultAccounts adds the ServiceAccount default of every Namespace that was given, unless it was given, too: a controller
// makes it wherever there is a Namespace, and nobody writes it into files.
func (l *layer) withDefaultAccounts(objects []client.Object) []client.Object {
	for _, namespace := range slices.Sorted(maps.Keys(l.namespaces)) {
		if ref := rbac.ServiceAccount(namespace, workload.DefaultServiceAccount).Ref(); !l.accounts[ref] {
			objects = append(objects, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ref.Namespace, Name: ref.Name}})
		}
	}
	return objects
}

func isDefaultAccount(ref workload.Ref) bool {
	return ref == rbac.ServiceAccount(ref.Namespace, workload.DefaultServiceAccount).Ref()
}

// permissions are the roles and bindings of a layer as they are in a cluster. Most layers have those of the one before.
type permissions struct {
	given, all []client.Object
}

func (p *permissions) of(given []client.Object) []client.Object {
	if p.all == nil || !slices.Equal(p.given, given) {
		p.given, p.all = given, gathered(withBuiltin(given))
	}
	return p.all
}

// withBuiltin adds the roles and bindings that are in every cluster, unless others of their names were given.
func withBuiltin(objects []client.Object) []client.Object {
	there := map[workload.Ref]bool{}
	for _, obj := range objects {
		if ref, is := refOf(obj); is {
			there[ref] = true
		}
	}
	for _, obj := range builtin.Objects() {
		if object, is := obj.(client.Object); is {
			if ref, _ := refOf(object); !there[ref] {
				objects = append(objects, object)
			}
		}
	}
	return objects
}

// gathered puts aggregated ClusterRoles that hold the rules of those that they select in the place of those given: in a
// cluster a controller does it.
func gathered(objects []client.Object) []client.Object {
	var roles []*rbac.Role
	var places []int
	for i, obj := range objects {
		if role, is := rbac.RoleOf(obj); is {
			roles, places = append(roles, role), append(places, i)
		}
	}
	rbac.Aggregate(roles)
	objects = slices.Clone(objects)
	for i, role := range roles {
		if of, is := objects[places[i]].(*rbacv1.ClusterRole); is && role.Aggregation != nil {
			filled := *of
			filled.Rules = role.Rules
			objects[places[i]] = &filled
		}
	}
	return objects
}
