package controllers

import (
	"sync"
	"time"

	"plumbline.dev/plumbline/internal/workload"
)

// orphanAge is how long an object must be without the controller that it names before it is judged itself. When a
// Deployment is deleted, its pods are there for a moment without their ReplicaSet, before they are deleted too.
const orphanAge = 3 * time.Second

// orphans remembers since when targets name a controller that is not there.
type orphans struct {
	mu    sync.Mutex
	since map[workload.Ref]time.Time
}

func newOrphans() *orphans {
	return &orphans{since: map[workload.Ref]time.Time{}}
}

// wait returns how long a target must still wait to be judged: nothing, unless it is a fresh orphan.
func (o *orphans) wait(ref workload.Ref, orphan bool, now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !orphan {
		delete(o.since, ref)
		return 0
	}
	if _, known := o.since[ref]; !known {
		o.since[ref] = now
	}
	return max(0, orphanAge-now.Sub(o.since[ref]))
}
