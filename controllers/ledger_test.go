package controllers

import (
	"slices"
	"testing"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/workload"
)

func TestTheLedgerKnowsWhatHasNoReport(t *testing.T) {
	open := func(severity v1alpha1.Severity, unreported bool) entry {
		return entry{open: map[findingKind]int32{{"b", "privileged", severity}: 1}, unreported: unreported}
	}
	low, high := workload.Ref{Kind: "Pod", Name: "low"}, workload.Ref{Kind: "Pod", Name: "high"}
	l := newLedger()
	for _, step := range []struct {
		name string
		do   func()
		want []workload.Ref
	}{
		{"nothing is drifted", func() {}, nil},
		{"one has a report", func() { l.record(high, nil, open(v1alpha1.SeverityHigh, false)) }, nil},
		{"another has none", func() { l.record(low, nil, open(v1alpha1.SeverityLow, true)) }, []workload.Ref{low}},
		{"the worse one lost its report", func() { l.record(high, nil, open(v1alpha1.SeverityHigh, true)) }, []workload.Ref{high, low}},
		{"that is said twice", func() { l.record(high, nil, open(v1alpha1.SeverityHigh, true)) }, []workload.Ref{high, low}},
		{"one could not be judged again", func() { l.fail(low, nil, "see the log") }, []workload.Ref{high, low}},
		{"one has a report again", func() { l.record(high, nil, open(v1alpha1.SeverityHigh, false)) }, []workload.Ref{low}},
		{"the other is gone", func() { l.forget(low, nil) }, nil},
	} {
		step.do()
		if got := l.unreported(2); !slices.Equal(got, step.want) {
			t.Errorf("%s: unreported = %v, want %v", step.name, got, step.want)
		}
	}
}
