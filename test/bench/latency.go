package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// sightings notes when a watch saw the report of a Deployment for the first time.
type sightings struct {
	mu    sync.Mutex
	at    map[string]time.Time
	woken chan struct{}
}

func watchReports(ctx context.Context, c client.WithWatch) (*sightings, error) {
	watcher, err := c.Watch(ctx, &v1alpha1.DriftReportList{}, client.InNamespace(namespace))
	if err != nil {
		return nil, err
	}
	s := &sightings{at: map[string]time.Time{}, woken: make(chan struct{}, 1)}
	go func() {
		for event := range watcher.ResultChan() {
			if report, ok := event.Object.(*v1alpha1.DriftReport); ok && event.Type == watch.Added {
				s.add(report.Spec.Target.Name, now())
			}
		}
	}()
	return s, nil
}

func (s *sightings) add(name string, at time.Time) {
	s.mu.Lock()
	s.at[name] = at
	s.mu.Unlock()
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// first returns when the first report was seen.
func (s *sightings) first() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first time.Time
	for _, at := range s.at {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// number waits until n reports were seen.
func (s *sightings) number(ctx context.Context, n int) (time.Time, error) {
	return s.until(ctx, func() (time.Time, bool) {
		var last time.Time
		for _, at := range s.at {
			if at.After(last) {
				last = at
			}
		}
		return last, len(s.at) >= n
	})
}

// of waits until the report of a Deployment was seen.
func (s *sightings) of(ctx context.Context, name string) (time.Time, error) {
	return s.until(ctx, func() (time.Time, bool) {
		at, seen := s.at[name]
		return at, seen
	})
}

func (s *sightings) until(ctx context.Context, done func() (time.Time, bool)) (time.Time, error) {
	for {
		s.mu.Lock()
		at, ok := done()
		seen := len(s.at)
		s.mu.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-s.woken:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("waited too long for reports; %d were seen: %w", seen, ctx.Err())
		}
	}
}

// Latency is how long single changes took from their acknowledgement to the sight of the report, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50Milliseconds"`
	P99 float64 `json:"p99Milliseconds"`
	Max float64 `json:"maxMilliseconds"`
}

func (l Latency) String() string {
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, max %.1f ms", l.P50, l.P99, l.Max)
}

// latency makes compliant Deployments drift, one after the other, while others change at the rate given.
func (w *world) latency(ctx context.Context, perSecond int) (Latency, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	churning, stopChurn := context.WithCancel(ctx)
	defer stopChurn()
	if perSecond > 0 {
		go w.churn(churning, perSecond)
	}
	var took []float64
	for range changes {
		number := w.even
		w.even += 2
		acknowledged, err := w.makeDrift(ctx, number)
		if err != nil {
			return Latency{}, err
		}
		seen, err := w.seen.of(ctx, nameOf(number))
		if err != nil {
			return Latency{}, err
		}
		took = append(took, float64(seen.Sub(acknowledged).Microseconds())/1000)
		// Changes come one at a time, not back to back.
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return Latency{}, err
		}
	}
	return percentiles(took), nil
}

func (w *world) makeDrift(ctx context.Context, number int) (time.Time, error) {
	before := deployment(number, false)
	after := deployment(number, true)
	err := w.client.Patch(ctx, after, client.StrategicMergeFrom(before))
	return now(), err
}

// churn changes the last Deployments, without making them drift.
func (w *world) churn(ctx context.Context, perSecond int) {
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		number := 4*changes + 2*(i%50)
		before := deployment(number, false)
		after := deployment(number, false)
		after.Spec.Template.Spec.Containers[0].Image = fmt.Sprintf("registry.example.com/app:1.%d", i)
		if err := w.client.Patch(ctx, after, client.StrategicMergeFrom(before)); err != nil && ctx.Err() == nil {
			say("  churn: %v", err)
		}
	}
}

func percentiles(values []float64) Latency {
	slices.Sort(values)
	at := func(p float64) float64 { return values[int(math.Ceil(p*float64(len(values))))-1] }
	return Latency{P50: at(0.50), P99: at(0.99), Max: values[len(values)-1]}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
