// Command bench measures the operator on a real API server, beside a floor that is measured in the same run: a bare
// controller-runtime program that writes as many objects and judges nothing. Machines differ and are noisy; the
// ratios to the floor are what counts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
	"plumbline.dev/plumbline/test/bench/judging"
)

const (
	operatorNamespace = "plumbline-system"
	operatorAccount   = "plumbline-manager"
	changes           = 100 // single changes whose latency is measured
	churnPerSecond    = 20
)

func main() {
	objects := flag.Int("n", 1000, "number of Deployments, half of them drifted; at least 500")
	steady := flag.Duration("steady", 60*time.Second, "how long the steady state is watched")
	podOnly := flag.Bool("pod", false, "measure only what judging one pod costs, without a cluster")
	out := flag.String("o", filepath.Join("test", "bench", "results", "latest.json"), "file to write the results to")
	flag.Parse()
	if *objects < 4*changes+100 {
		fmt.Fprintln(os.Stderr, "bench: -n must be at least", 4*changes+100)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := runAll(ctx, *podOnly, *objects, *steady, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runAll(ctx context.Context, podOnly bool, objects int, steady time.Duration, out string) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	results := Results{Objects: objects, Time: now().UTC()}
	say("one pod, judged without a cluster")
	if results.Judging, err = judging.Measure(root); err != nil {
		return err
	}
	results.judgePod()
	fmt.Print(results.podTable())
	if podOnly {
		fmt.Print(results.verdicts())
		return nil
	}
	if err := results.cluster(ctx, root, steady); err != nil {
		return err
	}
	fmt.Print(results.table(), results.podTable(), results.verdicts())
	return results.write(out)
}

// cluster measures the floor and the operator on a real API server.
func (r *Results) cluster(ctx context.Context, root string, steady time.Duration) error {
	floor, err := buildFloor(ctx)
	if err != nil {
		return err
	}
	defer os.Remove(floor)
	if r.Kubernetes, err = binaries.KubernetesVersion(root); err != nil {
		return err
	}
	say("floor: a bare controller-runtime program")
	if r.Floor, err = measure(ctx, program{name: "floor", path: floor, asAdmin: true}, r.Objects, 0); err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	say("plumbline")
	operator := program{
		name: "plumbline", path: filepath.Join("bin", "plumbline"),
		args: []string{"manager", "--metrics-bind-address=0", "--health-probe-bind-address=0"},
	}
	if r.Plumbline, err = measure(ctx, operator, r.Objects, steady); err != nil {
		return fmt.Errorf("plumbline: %w", err)
	}
	r.judge()
	return nil
}

// measure runs a program on a control plane of its own.
func measure(ctx context.Context, p program, objects int, steady time.Duration) (m Measured, err error) {
	world, err := newWorld(ctx, objects)
	if err != nil {
		return m, err
	}
	defer func() {
		if stopErr := world.plane.Stop(); err == nil {
			err = stopErr
		}
	}()
	say("  %d Deployments are there, %d drifted", objects, objects/2)
	child, err := world.start(ctx, p)
	if err != nil {
		return m, err
	}
	defer child.stop()
	if m.AllReportsSeconds, err = world.waitForReports(ctx, objects/2, child.started); err != nil {
		return m, fmt.Errorf("%w\n%s", err, child.tail())
	}
	m.LoadCPUSeconds = child.cpuSeconds()
	m.FirstReportSeconds = world.seen.first().Sub(child.started).Seconds()
	say("  first report after %.2f s, all after %.2f s, %.2f CPU s", m.FirstReportSeconds, m.AllReportsSeconds, m.LoadCPUSeconds)
	if m.LoadWrites, err = world.writes(p); err != nil {
		return m, err
	}
	if m.Idle, err = world.latency(ctx, 0); err != nil {
		return m, fmt.Errorf("latency at idle: %w\n%s", err, child.tail())
	}
	say("  latency at idle: %s", m.Idle)
	if m.Churn, err = world.latency(ctx, churnPerSecond); err != nil {
		return m, fmt.Errorf("latency under churn: %w\n%s", err, child.tail())
	}
	say("  latency while %d other changes a second go on: %s", churnPerSecond, m.Churn)
	if steady > 0 {
		if m.SteadyWrites, err = world.steadyWrites(ctx, p, steady); err != nil {
			return m, err
		}
		say("  API writes in %s of steady state: %d", steady, m.SteadyWrites)
	}
	m.CPUSeconds, m.PeakMiB = child.cpuSeconds(), child.peakMiB()
	say("  in all %.2f CPU s, peak %.1f MiB", m.CPUSeconds, m.PeakMiB)
	return m, nil
}

func buildFloor(ctx context.Context) (string, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("plumbline-floor-%d", os.Getpid()))
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./test/bench/floor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the floor: %w\n%s", err, out)
	}
	return path, nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// now is the wall clock: the bench measures, nothing else may.
func now() time.Time { return time.Now() }
