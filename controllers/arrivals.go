package controllers

import (
	"sync"
	"time"

	"plumbline.dev/plumbline/internal/workload"
)

// arrivals remembers when the oldest change of a target that is not judged yet arrived, to measure the time from
// there to the report.
type arrivals struct {
	mu    sync.Mutex
	since map[workload.Ref]time.Time
}

func newArrivals() *arrivals {
	return &arrivals{since: map[workload.Ref]time.Time{}}
}

// arrived notes a change, unless an older one waits already.
func (a *arrivals) arrived(refs []workload.Ref, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, ref := range refs {
		if _, waiting := a.since[ref]; !waiting {
			a.since[ref] = now
		}
	}
}

// take returns when the oldest change arrived, and forgets it.
func (a *arrivals) take(ref workload.Ref) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	since, waiting := a.since[ref]
	delete(a.since, ref)
	return since, waiting
}
