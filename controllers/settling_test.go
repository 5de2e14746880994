package controllers

import (
	"testing"
	"time"

	"plumbline.dev/plumbline/internal/workload"
)

func TestRunningPodsAreJudgedOnceTheyHaveSettled(t *testing.T) {
	type look struct {
		at      time.Duration
		picture string
		wait    time.Duration
	}
	for name, looks := range map[string][]look{
		"pods that are as they should be are never waited for": {{0, "", 0}, {time.Second, "", 0}},
		"what differs is waited for":                           {{0, "a", 3 * time.Second}, {time.Second, "a", 2 * time.Second}, {3 * time.Second, "a", 0}, {4 * time.Second, "a", 0}},
		"what differs otherwise is waited for again": {
			{0, "a", 3 * time.Second}, {3 * time.Second, "a", 0}, {time.Minute, "b", 3 * time.Second}, {time.Minute + 3*time.Second, "b", 0},
		},
		"that they differ no more is waited for too": {
			{0, "a", 3 * time.Second}, {3 * time.Second, "a", 0}, {time.Minute, "", 3 * time.Second}, {time.Minute + 3*time.Second, "", 0},
		},
		"a change begins the wait anew": {{0, "a", 3 * time.Second}, {2 * time.Second, "b", 3 * time.Second}, {5 * time.Second, "b", 0}},
		"what always changes is judged all the same": {
			{0, "a", 3 * time.Second}, {2 * time.Second, "b", 3 * time.Second}, {4 * time.Second, "a", 3 * time.Second}, {6 * time.Second, "b", 3 * time.Second},
			{8 * time.Second, "a", 2 * time.Second}, {10 * time.Second, "b", 0}, {11 * time.Second, "a", 3 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, begin, ref := newSettling(), time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), workload.Ref{Name: "api"}
			for i, look := range looks {
				if got := s.wait(ref, look.picture, begin.Add(look.at)); got != look.wait {
					t.Errorf("look %d: wait %v, want %v", i, got, look.wait)
				}
			}
			if last := looks[len(looks)-1]; last.picture == "" && len(s.of) > 0 {
				t.Error("a target whose pods are as they should be is remembered")
			}
			s.forget(ref)
			if len(s.of) > 0 {
				t.Error("a target that is gone is remembered")
			}
		})
	}
}
