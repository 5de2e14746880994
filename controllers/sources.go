package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
)

// change is what happened to an object. before is nil when it was created, after when it was deleted; initial is true
// for what was there when the watch began.
type change struct {
	before, after client.Object
	initial       bool
}

// feed is a source that turns the changes of a kind into keys of a queue: initial ones at low priority. It does not
// wait for a kind that cannot be read.
type feed[key comparable] struct {
	watches  *Watches
	obj      client.Object
	required bool // nothing can be done without this kind
	keys     func(ctx context.Context, c change) []key

	registration toolscache.ResourceEventHandlerRegistration
	kind         *followed
}

func (f *feed[key]) String() string { return fmt.Sprintf("%T", f.obj) }

// Start registers with the kind's informer.
func (f *feed[key]) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[key]) error {
	kind, err := f.watches.follow(ctx, f.obj)
	if err != nil {
		return err
	}
	prioritized, ok := queue.(priorityqueue.PriorityQueue[key])
	if !ok {
		return errors.New("the controller has no priority queue")
	}
	f.kind = kind
	handler := toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc:    func(obj any, initial bool) { f.put(ctx, prioritized, change{after: objectOf(obj), initial: initial}) },
		UpdateFunc: func(old, obj any) { f.put(ctx, prioritized, change{before: objectOf(old), after: objectOf(obj)}) },
		DeleteFunc: func(obj any) { f.put(ctx, prioritized, change{before: objectOf(obj)}) },
	}
	f.watches.mu.Lock()
	defer f.watches.mu.Unlock()
	kind.handlers = append(kind.handlers, handler)
	if kind.informer == nil { // not served: the handler is added when it is
		return nil
	}
	f.registration, err = kind.informer.AddEventHandler(handler)
	return err
}

func (f *feed[key]) put(ctx context.Context, queue priorityqueue.PriorityQueue[key], c change) {
	priority := 0
	if c.initial {
		priority = handler.LowPriority
	}
	if keys := f.keys(ctx, c); len(keys) > 0 {
		queue.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, keys...)
	}
}

// WaitForSync waits until everything that was there has been put into the queue, or the kind is known to be unreadable. Of a
// kind that was not served there was nothing.
func (f *feed[key]) WaitForSync(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		f.watches.mu.Lock()
		defer f.watches.mu.Unlock()
		return f.registration == nil || f.registration.HasSynced() || (!f.required && f.kind.reason != ""), nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s could not be read: %s: %w", f.kind.resource, f.kind.reason, err)
	}
	return nil
}

// objectOf unwraps an object that was deleted while nobody watched.
func objectOf(obj any) client.Object {
	if unknown, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
		obj = unknown.Obj
	}
	object, _ := obj.(client.Object)
	return object
}

// inbox is a source through which one controller gives another work.
type inbox[key comparable] struct {
	mu    sync.Mutex
	queue priorityqueue.PriorityQueue[key]
	early []func(priorityqueue.PriorityQueue[key])
}

func (i *inbox[key]) String() string { return "inbox" }

// Start takes the queue, and puts into it what came before there was one.
func (i *inbox[key]) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[key]) error {
	prioritized, ok := queue.(priorityqueue.PriorityQueue[key])
	if !ok {
		return errors.New("the controller has no priority queue")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.queue = prioritized
	for _, put := range i.early {
		put(prioritized)
	}
	i.early = nil
	return nil
}

// busy says whether keys wait in the queue.
func (i *inbox[key]) busy() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.queue != nil && i.queue.Len() > 0
}

// add puts keys into the queue.
func (i *inbox[key]) add(options priorityqueue.AddOpts, keys ...key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	put := func(queue priorityqueue.PriorityQueue[key]) { queue.AddWithOpts(options, keys...) }
	if i.queue == nil {
		i.early = append(i.early, put)
		return
	}
	put(i.queue)
}
