package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// states notes when a watch saw the report of a target come into its state.
type states struct {
	mu    sync.Mutex
	of    map[workload.Ref]state
	woken chan struct{}
}

// noReport is the state of a target that has no report, or has none any more.
const noReport v1alpha1.ReportState = ""

type state struct {
	state v1alpha1.ReportState
	since time.Time
}

func watchStates(ctx context.Context, c client.WithWatch) (*states, error) {
	watcher, err := c.Watch(ctx, &v1alpha1.DriftReportList{})
	if err != nil {
		return nil, err
	}
	s := &states{of: map[workload.Ref]state{}, woken: make(chan struct{}, 1)}
	go func() {
		for event := range watcher.ResultChan() {
			r, ok := event.Object.(*v1alpha1.DriftReport)
			if !ok {
				continue
			}
			next := r.Status.State
			if event.Type == watch.Deleted {
				next = noReport
			}
			s.put(report.RefOf(r.Spec.Target), next, now())
		}
	}()
	return s, nil
}

func (s *states) put(ref workload.Ref, next v1alpha1.ReportState, at time.Time) {
	s.mu.Lock()
	if s.of[ref].state != next {
		s.of[ref] = state{next, at}
	}
	s.mu.Unlock()
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// number is how many targets have a report.
func (s *states) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, is := range s.of {
		if is.state != noReport {
			n++
		}
	}
	return n
}

// until waits until all reports of an effect are in its state, and returns since when.
func (s *states) until(ctx context.Context, e effect) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		last, missing := s.last(e)
		if missing == nil {
			return last, nil
		}
		select {
		case <-s.woken:
		case <-ctx.Done():
			return last, fmt.Errorf("waited too long for the report of %s to be %s: %w", missing, e.state, ctx.Err())
		}
	}
}

// last returns since when all reports of an effect are in its state, or one that is not.
func (s *states) last(e effect) (last time.Time, missing *workload.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range e.reports {
		is := s.of[ref]
		if is.state != e.state {
			return last, &ref
		}
		if is.since.After(last) {
			last = is.since
		}
	}
	return last, nil
}
