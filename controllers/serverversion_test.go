package controllers

import (
	"context"
	"errors"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"
)

func TestTheVersionOfTheAPIServerIsAskedNowAndThen(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
	answer, err, asked := 33, error(nil), 0
	v := &serverVersion{clock: clock, ask: func(context.Context) (int, error) {
		asked++
		return answer, err
	}}
	expect := func(minor, times int) {
		t.Helper()
		if got := v.of(t.Context()); got != minor || asked != times {
			t.Errorf("got v1.%d, asked %d times; want v1.%d, %d times", got, asked, minor, times)
		}
	}
	err = errors.New("no route")
	expect(0, 1)
	err = nil
	expect(33, 2)
	expect(33, 2)
	answer = 34
	clock.Step(versionAge)
	expect(34, 3)
	clock.Step(versionAge)
	err = errors.New("no route")
	expect(34, 4)
}
