package controllers

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// soon does something a moment after it is asked to, once for however often it is asked until then. It never does it twice at
// the same time.
type soon struct {
	clock clock.WithDelayedExecution
	pause time.Duration
	do    func(since time.Time)

	mu    sync.Mutex
	since time.Time // when it was first asked to do what it has not begun; zero when it has
	busy  bool      // it waits, or does it
}

// ask returns at once.
func (s *soon) ask() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = s.clock.Now()
	}
	if !s.busy {
		s.busy = true
		s.later()
	}
}

func (s *soon) run() {
	s.mu.Lock()
	since := s.since
	s.since = time.Time{}
	s.mu.Unlock()
	s.do(since)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy = !s.since.IsZero(); s.busy { // asked again meanwhile
		s.later()
	}
}

// later runs beside the clock, which a test's clock would hold meanwhile.
func (s *soon) later() { s.clock.AfterFunc(s.pause, func() { go s.run() }) }
