package controllers

import (
	"sync"
	"time"

	"plumbline.dev/plumbline/internal/workload"
)

// orphanAge is how long a target must be unsettled before it is judged as it is. When a Deployment is deleted, its pods are
// there for a moment without their ReplicaSet, before they are deleted too; when a ClusterRole is deleted whose rules others
// gather, these have them for a moment longer; and Helm creates a NetworkPolicy before the Deployment whose pods it selects.
const orphanAge = 3 * time.Second

// orphans remembers since when targets are unsettled.
type orphans struct {
	mu    sync.Mutex
	since map[workload.Ref]time.Time
}

func newOrphans() *orphans {
	return &orphans{since: map[workload.Ref]time.Time{}}
}

// wait returns how long a target must still wait to be judged: nothing, unless it is unsettled since a short time.
func (o *orphans) wait(ref workload.Ref, unsettled bool, now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !unsettled {
		delete(o.since, ref)
		return 0
	}
	if _, known := o.since[ref]; !known {
		o.since[ref] = now
	}
	return max(0, orphanAge-now.Sub(o.since[ref]))
}
