package controllers

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// alarms wake keys at a moment: when an exception ends, when a resolved report is to go. Each key has at most one.
type alarms[key comparable] struct {
	clock clock.WithDelayedExecution
	wake  func(key)

	mu  sync.Mutex
	set map[key]alarm
}

type alarm struct {
	at    time.Time
	timer clock.Timer
}

func newAlarms[key comparable](clock clock.WithDelayedExecution, wake func(key)) *alarms[key] {
	return &alarms[key]{clock: clock, wake: wake, set: map[key]alarm{}}
}

// longestSleep is how long an alarm sleeps at most. A timer counts the seconds that the machine runs: where the clock was
// set, or the machine slept, the key is woken too early or too late, by no more than this, and sets its alarm again.
const longestSleep = time.Hour

// at sets the alarm of a key to a moment, in place of an earlier one. The zero time clears it.
func (a *alarms[key]) at(k key, moment time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, is := a.set[k]
	if is && old.at.Equal(moment) {
		return
	}
	if is {
		old.timer.Stop()
		delete(a.set, k)
	}
	if moment.IsZero() {
		return
	}
	timer := a.clock.AfterFunc(min(moment.Sub(a.clock.Now()), longestSleep), func() { a.ring(k, moment) })
	a.set[k] = alarm{at: moment, timer: timer}
}

// ring wakes the key, unless its alarm was set to another moment meanwhile.
func (a *alarms[key]) ring(k key, moment time.Time) {
	a.mu.Lock()
	current, is := a.set[k]
	if is = is && current.at.Equal(moment); is {
		delete(a.set, k)
	}
	a.mu.Unlock()
	if is {
		a.wake(k)
	}
}
