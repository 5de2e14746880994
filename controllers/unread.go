package controllers

import (
	"sync"
	"time"

	"plumbline.dev/plumbline/internal/workload"
)

// Who changed an object is asked for again where it could not be read, after unreadFirst, and each time after as long again as
// it has been unreadable, but no longer than unreadAtMost: then nobody will know any more.
const (
	unreadFirst  = 5 * time.Second
	unreadAtMost = 10 * time.Minute
)

// unread remembers of targets since when it could not be read who changed them.
type unread struct {
	mu    sync.Mutex
	since map[workload.Ref]time.Time
}

func newUnread() *unread {
	return &unread{since: map[workload.Ref]time.Time{}}
}

// waits says whether who changed a target is to be asked for again.
func (u *unread) waits(ref workload.Ref) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.since[ref].IsZero()
}

// failed takes down that it could not be read, and returns when to try again; the zero time for never.
func (u *unread) failed(ref workload.Ref, now time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	since, is := u.since[ref]
	if !is {
		since = now
		u.since[ref] = now
	}
	next := now.Add(max(unreadFirst, now.Sub(since)))
	if next.Sub(since) > unreadAtMost {
		delete(u.since, ref)
		return time.Time{}
	}
	return next
}

// forget frees what is remembered of a target that is gone, or of which it is known.
func (u *unread) forget(ref workload.Ref) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.since, ref)
}

// sooner returns the earlier of two moments, of which a zero one never comes.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
