package controllers

import (
	"slices"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"
)

func TestAlarms(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	after := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	for name, test := range map[string]struct {
		set  func(*alarms[string])
		step time.Duration
		want []string
	}{
		"an alarm rings at its moment": {
			set: func(a *alarms[string]) { a.at("a", after(2)) }, step: 2 * time.Second, want: []string{"a"}},
		"and not before": {
			set: func(a *alarms[string]) { a.at("a", after(2)) }, step: time.Second},
		"a moment that has passed rings at once": {
			set: func(a *alarms[string]) { a.at("a", after(-5)) }, step: time.Nanosecond, want: []string{"a"}},
		"a later moment takes the place of an earlier one": {
			set: func(a *alarms[string]) { a.at("a", after(1)); a.at("a", after(3)) }, step: 2 * time.Second},
		"an earlier moment takes the place of a later one": {
			set: func(a *alarms[string]) { a.at("a", after(3)); a.at("a", after(1)) }, step: 2 * time.Second, want: []string{"a"}},
		"the same moment twice rings once": {
			set: func(a *alarms[string]) { a.at("a", after(1)); a.at("a", after(1)) }, step: 2 * time.Second, want: []string{"a"}},
		"the zero time clears it": {
			set: func(a *alarms[string]) { a.at("a", after(1)); a.at("a", time.Time{}) }, step: 2 * time.Second},
		"each key has its own": {
			set: func(a *alarms[string]) { a.at("a", after(1)); a.at("b", after(1)); a.at("c", after(9)) }, step: 2 * time.Second, want: []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := testingclock.NewFakeClock(now)
			var rung []string
			a := newAlarms(clock, func(key string) { rung = append(rung, key) })
			test.set(a)
			clock.Step(test.step)
			slices.Sort(rung)
			if !slices.Equal(rung, test.want) {
				t.Errorf("rung %v, want %v", rung, test.want)
			}
		})
	}
}

func TestAnAlarmCanBeSetAgainAfterItRang(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	clock, rung := testingclock.NewFakeClock(now), 0
	a := newAlarms(clock, func(string) { rung++ })
	for i := range 3 {
		a.at("a", now.Add(time.Duration(i+1)*time.Second))
		clock.Step(time.Second)
	}
	if rung != 3 || len(a.set) != 0 {
		t.Errorf("rung %d times, %d left; want 3 and none", rung, len(a.set))
	}
}
