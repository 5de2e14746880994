package controllers

import (
	"sync"
	"time"

	"plumbline.dev/plumbline/internal/workload"
)

// In a rollout, or while a pod is replaced, running pods differ from their template now in this way and now in that. They are
// judged when nothing has changed for settleAge; where something always changes, every settleAtMost.
const (
	settleAge    = 3 * time.Second
	settleAtMost = 10 * time.Second
)

// settling remembers of targets with running pods that are not as their templates how these were last.
type settling struct {
	mu sync.Mutex
	of map[workload.Ref]picture
}

// picture is how the running pods of a target differ from its templates.
type picture struct {
	seen           string
	since, changed time.Time // when it began to change, and changed last; zero once it is settled
}

func newSettling() *settling {
	return &settling{of: map[workload.Ref]picture{}}
}

// wait returns how long the running pods of a target must still be waited for: nothing, unless the picture of them has just
// changed. An empty picture is that of pods that are all as they should be.
func (s *settling) wait(ref workload.Ref, seen string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.of[ref]
	if seen != p.seen {
		if p.since.IsZero() {
			p.since = now
		}
		p.seen, p.changed = seen, now
	}
	if !p.since.IsZero() {
		if left := min(settleAge-now.Sub(p.changed), settleAtMost-now.Sub(p.since)); left > 0 {
			s.of[ref] = p
			return left
		}
	}
	if seen == "" {
		delete(s.of, ref)
	} else {
		s.of[ref] = picture{seen: seen}
	}
	return 0
}

// forget frees what is remembered of a target that is gone.
func (s *settling) forget(ref workload.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, ref)
}
