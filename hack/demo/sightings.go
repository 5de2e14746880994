package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// timeout is how long anything may take to happen.
const timeout = 30 * time.Second

// sightings are what a watch has seen, and when.
type sightings[T client.Object] struct {
	mu   sync.Mutex
	seen []sighting[T]
	more chan struct{} // closed when there is more to see
}

type sighting[T client.Object] struct {
	object T
	at     time.Time
}

// watch sees everything of a kind from now on, and what is there.
func watch[T client.Object](ctx context.Context, c client.WithWatch, list client.ObjectList) (*sightings[T], error) {
	watcher, err := c.Watch(ctx, list)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, watcher.Stop)
	s := &sightings[T]{more: make(chan struct{})}
	go func() {
		for event := range watcher.ResultChan() {
			if object, ok := event.Object.(T); ok {
				s.add(sighting[T]{object, time.Now()})
			}
		}
	}()
	return s, nil
}

func (s *sightings[T]) add(one sighting[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, one)
	close(s.more)
	s.more = make(chan struct{})
}

// first waits for the first sighting that matches, and says what was missing if there is none.
func (s *sightings[T]) first(ctx context.Context, what string, match func(T) bool) (sighting[T], error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for from := 0; ; {
		s.mu.Lock()
		fresh, more := s.seen[from:], s.more
		s.mu.Unlock()
		for _, one := range fresh {
			if match(one.object) {
				return one, nil
			}
		}
		from += len(fresh)
		select {
		case <-ctx.Done():
			return sighting[T]{}, fmt.Errorf("%s was not seen within %s", what, timeout)
		case <-more:
		}
	}
}

// wait asks until the answer is yes.
func wait(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		yes, err := done(ctx)
		if yes && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return fmt.Errorf("%s: not within %s: %w", what, timeout, err)
			}
			return fmt.Errorf("%s: not within %s", what, timeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
