package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Usage is what a program took in its best round.
type Usage struct {
	WallSeconds float64 `json:"wallSeconds"`
	CPUSeconds  float64 `json:"cpuSeconds"`
	PeakMiB     float64 `json:"peakMiB"`

	command string
	args    []string
}

// take runs the program once. That it finds something is no failure.
func (u *Usage) take(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, u.command, u.args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	begun := time.Now()
	err := cmd.Run()
	wall := time.Since(begun).Seconds()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return fmt.Errorf("%s: %w: %s", u.command, err, strings.TrimSpace(problems.String()))
	}
	if out.Len() == 0 {
		return fmt.Errorf("%s printed nothing", u.command)
	}
	if u.WallSeconds == 0 || wall < u.WallSeconds {
		u.WallSeconds = wall
		u.CPUSeconds = cmd.ProcessState.UserTime().Seconds() + cmd.ProcessState.SystemTime().Seconds()
	}
	if usage, is := cmd.ProcessState.SysUsage().(*syscall.Rusage); is {
		const kibPerMiB = 1024
		u.PeakMiB = max(u.PeakMiB, float64(usage.Maxrss)/kibPerMiB)
	}
	return nil
}

// Run is what was measured on one form of the input.
type Run struct {
	Given     string `json:"given"`
	Table     Usage  `json:"table"`
	JSON      Usage  `json:"json"`
	KubeScore Usage  `json:"kubeScore"`
	// Ratio is the time of the table to that of kube-score.
	Ratio float64 `json:"ratio"`
}

// Results are those of one run of the bench.
type Results struct {
	Time        time.Time `json:"time"`
	CPUs        int       `json:"cpus"`
	Deployments int       `json:"deployments"`
	Runs        []Run     `json:"runs"`
	Reached     bool      `json:"reached"`
}

// judge holds what was measured against what is to be reached.
func (r *Results) judge() {
	r.Reached = true
	for i := range r.Runs {
		run := &r.Runs[i]
		run.Ratio = run.Table.WallSeconds / run.KubeScore.WallSeconds
		r.Reached = r.Reached && run.Ratio < maxRatio && max(run.Table.PeakMiB, run.JSON.PeakMiB) < maxMiB
	}
}

// String prints the results for people.
func (r *Results) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d Deployments of two containers, %d CPUs\n\n", r.Deployments, r.CPUs)
	fmt.Fprintf(&b, "%-12s %-16s %10s %10s %10s %8s\n", "given", "program", "wall s", "CPU s", "peak MiB", "ratio")
	for i := range r.Runs {
		run := &r.Runs[i]
		for _, line := range []struct {
			name string
			*Usage
		}{{"plumbline", &run.Table}, {"plumbline json", &run.JSON}, {"kube-score", &run.KubeScore}} {
			fmt.Fprintf(&b, "%-12s %-16s %10.3f %10.3f %10.1f %8.2f\n", run.Given, line.name, line.WallSeconds, line.CPUSeconds, line.PeakMiB,
				line.WallSeconds/run.KubeScore.WallSeconds)
		}
	}
	reached := "reached"
	if !r.Reached {
		reached = "not reached"
	}
	fmt.Fprintf(&b, "\nto reach: a ratio below %.1f and less than %d MiB: %s\n", maxRatio, maxMiB, reached)
	return b.String()
}
