package facts

import (
	"context"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/guardrail"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Memory holds objects and reads like a cache that holds them, with the same indexes: what is read from files is looked
// around in like a cluster. Nobody changes what it holds, or what he reads.
type Memory struct {
	byKind map[kindKey]*shelf
}

// kindKey tells kinds apart: by the type of their objects, and those without a type of their own by what they say they are.
type kindKey struct {
	of  reflect.Type
	raw schema.GroupKind
}

func kindKeyOf(obj client.Object) kindKey {
	key := kindKey{of: reflect.TypeOf(obj)}
	if raw, is := obj.(*unstructured.Unstructured); is {
		key.raw = raw.GroupVersionKind().GroupKind()
	}
	return key
}

// shelf holds the objects of one kind.
type shelf struct {
	objects []client.Object
	byName  map[client.ObjectKey]client.Object
	byField map[string][]client.Object // by field, a zero byte, and value
	inSpace map[string][]client.Object
}

// NewMemory returns a Memory that holds objects. Of several of one kind, namespace and name the last counts.
func NewMemory(objects []client.Object) *Memory {
	m := &Memory{byKind: map[kindKey]*shelf{}}
	last := map[kindKey]map[client.ObjectKey]client.Object{}
	for _, obj := range objects {
		kind := kindKeyOf(obj)
		if last[kind] == nil {
			last[kind] = map[client.ObjectKey]client.Object{}
		}
		last[kind][client.ObjectKeyFromObject(obj)] = obj
	}
	for _, obj := range objects {
		if kind := kindKeyOf(obj); last[kind][client.ObjectKeyFromObject(obj)] == obj {
			m.put(kind, obj)
		}
	}
	return m
}

func (m *Memory) put(kind kindKey, obj client.Object) {
	s := m.byKind[kind]
	if s == nil {
		s = &shelf{byName: map[client.ObjectKey]client.Object{}, byField: map[string][]client.Object{}, inSpace: map[string][]client.Object{}}
		m.byKind[kind] = s
	}
	s.objects = append(s.objects, obj)
	s.byName[client.ObjectKeyFromObject(obj)] = obj
	s.inSpace[obj.GetNamespace()] = append(s.inSpace[obj.GetNamespace()], obj)
	for field, index := range indexesOf(obj) {
		for _, value := range index(obj) {
			s.byField[field+"\x00"+value] = append(s.byField[field+"\x00"+value], obj)
		}
	}
}

// indexesOf returns the indexes of an object's kind.
func indexesOf(obj client.Object) map[string]client.IndexerFunc {
	if w, is := workload.Of(obj); is {
		return IndexesOf(w.GroupKind())
	}
	if role, is := rbac.RoleOf(obj); is {
		return IndexesOf(role.Ref.GroupKind())
	}
	if binding, is := rbac.BindingOf(obj); is {
		return IndexesOf(binding.Ref.GroupKind())
	}
	return nil
}

// Get implements client.Reader.
func (m *Memory) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if s := m.byKind[kindKeyOf(into)]; s != nil {
		if obj, held := s.byName[key]; held {
			reflect.ValueOf(into).Elem().Set(reflect.ValueOf(obj).Elem())
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: fmt.Sprintf("%T", into)}, key.String())
}

// List implements client.Reader for the kinds that have a type of their own, and the options that facts are read with.
func (m *Memory) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(options)
	item, err := itemOf(into)
	if err != nil {
		return err
	}
	var items []runtime.Object
	for _, obj := range m.byKind[kindKey{of: item}].candidates(&o) {
		if (o.Namespace == "" || obj.GetNamespace() == o.Namespace) &&
			(o.LabelSelector == nil || o.LabelSelector.Matches(labels.Set(obj.GetLabels()))) {
			items = append(items, obj)
		}
	}
	return meta.SetList(into, items)
}

// candidates returns the objects that a field chooses, or a namespace, or all.
func (s *shelf) candidates(o *client.ListOptions) []client.Object {
	switch {
	case s == nil:
		return nil
	case o.FieldSelector != nil && len(o.FieldSelector.Requirements()) == 1:
		r := o.FieldSelector.Requirements()[0]
		return s.byField[r.Field+"\x00"+r.Value]
	case o.Namespace != "":
		return s.inSpace[o.Namespace]
	}
	return s.objects
}

// itemOf returns the type of the items of a list.
func itemOf(list client.ObjectList) (reflect.Type, error) {
	items, err := meta.GetItemsPtr(list)
	if err != nil {
		return nil, err
	}
	return reflect.PointerTo(reflect.TypeOf(items).Elem().Elem()), nil
}

// Remembered returns a cluster that consists of objects alone: every kind can be read, and all facts are looked at.
func Remembered(objects []client.Object) *Cluster {
	return RememberedFor(objects, func(engine.Need) bool { return true })
}

// RememberedFor does the same for whoever looks at some facts only. Who may reach whom is made ready where it is needed: for many
// workloads it takes about as much memory as they do.
func RememberedFor(objects []client.Object, needs func(engine.Need) bool) *Cluster {
	memory := NewMemory(objects)
	c := &Cluster{
		Cache: memory, Live: memory, Sources: network.NewSources(), given: true,
		Readable: func(schema.GroupKind) bool { return true }, Needs: needs,
	}
	if !needs(engine.NeedSources) {
		return c
	}
	for _, obj := range objects {
		if w, is := workload.Of(obj); is && !workload.Trimmed(w) && !w.AtRest() {
			var labels map[string]string
			if s := memory.byKind[kindKeyOf(&corev1.Namespace{})]; s != nil {
				if namespace := s.byName[client.ObjectKey{Name: w.Namespace}]; namespace != nil {
					labels = namespace.GetLabels()
				}
			}
			c.Sources.Put(w.Ref, w.Target(), PodOf(&w, labels))
		}
	}
	return c
}

// NewlyWeak takes every weakness of the guardrails among the objects for one that came to be while somebody watched.
func NewlyWeak(objects []client.Object) func(workload.Ref) []guardrail.Weakness {
	var namespaces []guardrail.Namespace
	for _, obj := range objects {
		if namespace, is := obj.(*corev1.Namespace); is {
			namespaces = append(namespaces, guardrail.Namespace{Name: namespace.Name, Labels: namespace.Labels})
		}
	}
	return func(ref workload.Ref) []guardrail.Weakness {
		for _, obj := range objects {
			if own, is := RefOf(obj); is && own == ref {
				return guardrail.Weaknesses(obj, namespaces)
			}
		}
		return nil
	}
}
