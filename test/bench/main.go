// Command bench measures the operator on a real API server, beside a floor that is measured in the same run: a bare
// controller-runtime program that writes as many objects and judges nothing. Machines differ and are noisy; the
// ratios to the floor are what counts. Three parts more measure the operator alone in large clusters, where it counts what one
// change costs and what it leaves alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
	"plumbline.dev/plumbline/test/bench/judging"
)

const (
	operatorNamespace = "plumbline-system"
	operatorAccount   = "plumbline-manager"
	changes           = 100 // single changes whose latency is measured
	churnPerSecond    = 20
)

// The parts of the bench.
const (
	partPod         = "pod"         // what judging one pod costs, without a cluster
	partDeployments = "deployments" // the operator beside the floor
	partRBAC        = "rbac"        // many roles and bindings
	partNetwork     = "network"     // many NetworkPolicies
	partInventory   = "inventory"   // many declared objects, and closed lists
)

var parts = []string{partPod, partDeployments, partRBAC, partNetwork, partInventory}

// settings are what the flags say.
type settings struct {
	only, operator, out string
	objects             int
	scale               float64
	steady              time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.only, "only", "", "measure one part, and write no file unless -o says where to: pod (without a cluster), deployments, rbac, network or inventory")
	flag.IntVar(&s.objects, "n", 1000, "number of Deployments, half of them drifted; at least 500")
	flag.Float64Var(&s.scale, "scale", 1, "share of the sizes of rbac, network and inventory; targets are for 1")
	flag.DurationVar(&s.steady, "steady", 60*time.Second, "how long the steady state is watched; a third as long for rbac, network and inventory")
	flag.StringVar(&s.operator, "operator", filepath.Join("bin", "plumbline"), "the operator to measure")
	flag.StringVar(&s.out, "o", "", "file to write the results to (default test/bench/results/latest.json)")
	flag.Parse()
	if err := s.validate(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	log.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := s.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (s *settings) validate() error {
	if s.objects < 4*changes+100 {
		return fmt.Errorf("-n must be at least %d", 4*changes+100)
	}
	if s.scale <= 0 || s.scale > 1 {
		return errors.New("-scale must be above 0 and at most 1")
	}
	if s.only == "" && s.out == "" {
		s.out = filepath.Join("test", "bench", "results", "latest.json")
	}
	if s.only != "" && !slices.Contains(parts, s.only) {
		return fmt.Errorf("-only must be one of %s", strings.Join(parts, ", "))
	}
	return nil
}

func (s *settings) wants(part string) bool { return s.only == "" || s.only == part }

// run measures the parts that are wanted, one after the other.
func (s *settings) run(ctx context.Context) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	results := Results{Objects: s.objects, Time: now().UTC()}
	if results.Kubernetes, err = binaries.KubernetesVersion(root); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func() error
	}{
		{partPod, func() error { return results.pod(root) }},
		{partDeployments, func() error { return results.deployments(ctx, s) }},
		{partRBAC, func() (err error) {
			results.RBAC, err = rbacScenario(s.scale).measure(ctx, s.operator, s.steady/3)
			return err
		}},
		{partNetwork, func() (err error) {
			results.Network, err = networkScenario(s.scale).measure(ctx, s.operator, s.steady/3)
			return err
		}},
		{partInventory, func() error { return results.inventory(ctx, s) }},
	} {
		if !s.wants(part.name) {
			continue
		}
		if err := part.measure(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	results.judge()
	fmt.Print(results.tables())
	if s.out == "" {
		return nil
	}
	return results.write(s.out)
}

// pod measures what judging one pod costs.
func (r *Results) pod(root string) error {
	say("one pod, judged without a cluster")
	comparison, err := judging.Measure(root)
	r.Judging = &comparison
	return err
}

// inventory measures the operator where everything is declared.
func (r *Results) inventory(ctx context.Context, s *settings) error {
	scenario, err := inventoryScenario(s.scale)
	if err != nil {
		return err
	}
	r.Inventory, err = scenario.measure(ctx, s.operator, s.steady/3)
	return err
}

// deployments measures the floor and the operator on a real API server.
func (r *Results) deployments(ctx context.Context, s *settings) error {
	floor, err := buildFloor(ctx)
	if err != nil {
		return err
	}
	defer os.Remove(floor)
	say("floor: a bare controller-runtime program")
	if r.Floor, err = measure(ctx, program{name: "floor", path: floor, asAdmin: true}, r.Objects, 0); err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	say("plumbline")
	operator := program{
		name: "plumbline", path: s.operator,
		args: []string{"manager", "--metrics-bind-address=0", "--health-probe-bind-address=0"},
	}
	if r.Plumbline, err = measure(ctx, operator, r.Objects, s.steady); err != nil {
		return fmt.Errorf("plumbline: %w", err)
	}
	return nil
}

// measure runs a program on a control plane of its own.
func measure(ctx context.Context, p program, objects int, steady time.Duration) (m *Measured, err error) {
	m = &Measured{}
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
