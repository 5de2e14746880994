package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/workload"
)

// scenario is a large cluster, and changes in it, one of which is to cost what it touches and not what there is.
type scenario struct {
	name      string
	baselines []*v1alpha1.SecurityBaseline
	// ground and load are what is in the cluster, in parts of which each needs those before it. ground is what is there
	// without what the scenario is about.
	ground, load [][]client.Object
	sizes        map[string]int
	// bare says whether the operator is measured on the ground alone, too.
	bare bool
	// compliant says that there is nothing to report before the changes, so that every report is a false alarm.
	compliant bool
	// change makes the i-th of so many changes, and undo, if there is one, takes it back.
	changes      int
	change, undo changing
}

// changing makes the i-th change.
type changing func(ctx context.Context, c client.Client, i int) (effect, error)

// effect is what a change is to bring about.
type effect struct {
	acknowledged time.Time
	// touched is how many objects stand otherwise after the change, and are to be judged again.
	touched int
	// reports are those that are to have the state then.
	reports []workload.Ref
	state   v1alpha1.ReportState
}

// Scale is what a scenario took.
type Scale struct {
	Sizes map[string]int `json:"sizes"`
	// SetupSeconds is how long it took to create the objects.
	SetupSeconds float64 `json:"setupSeconds"`
	// ReadySeconds is from the start of the operator until every object is judged, ReadyCPUSeconds its CPU time then.
	ReadySeconds    float64 `json:"readySeconds"`
	ReadyCPUSeconds float64 `json:"readyCPUSeconds"`
	// Reports is how many objects have one before the changes.
	Reports int `json:"reports"`
	// SteadyWrites are the API writes while nothing changes, from when all is judged and told.
	SteadyWrites int `json:"steadyWrites"`
	// Changes is how many changes were made, one after the other, and Latency how long each took from its acknowledgement to
	// the sight of the last report that it causes. Where each is taken back at once, that has no part in it.
	Changes int     `json:"changes"`
	Latency Latency `json:"latency"`
	// Evaluations is how often an object was judged for the changes, and Touched how often one was touched by a change.
	// Each of the ReportWrites, which deletions are none of, makes one evaluation more: the operator sees its own report, and
	// that it is right.
	Evaluations  int `json:"evaluations"`
	Touched      int `json:"touched"`
	ReportWrites int `json:"reportWrites"`
	// ChangesCPUSeconds is the CPU time of all changes.
	ChangesCPUSeconds float64 `json:"changesCPUSeconds"`
	// PeakMiB is the most memory until all is judged, BarePeakMiB the same on the ground alone, and PeakMiBInAll the most
	// of the whole run.
	PeakMiB      float64 `json:"peakMiB"`
	BarePeakMiB  float64 `json:"barePeakMiB,omitempty"`
	PeakMiBInAll float64 `json:"peakMiBInAll"`
}

// needless is how many evaluations there were beyond those that the changes ask for. There may be fewer: a report that is seen
// while its target waits to be judged makes none more.
func (s Scale) needless() int { return max(0, s.Evaluations-s.Touched-s.ReportWrites) }

// measure measures the operator in a scenario, on a control plane of its own.
func (s *scenario) measure(ctx context.Context, operator string, steady time.Duration) (m *Scale, err error) {
	say("%s", s.name)
	c, err := newCluster(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.plane.Stop()) }()
	m = &Scale{Sizes: s.sizes, Changes: s.changes}
	began := now()
	if err := s.fill(ctx, c, s.ground); err != nil {
		return nil, err
	}
	for _, baseline := range s.baselines {
		if err := c.client.Create(ctx, baseline); err != nil {
			return nil, err
		}
	}
	m.SetupSeconds = now().Sub(began).Seconds()
	if s.bare {
		if m.BarePeakMiB, err = s.barePeak(ctx, c, operator); err != nil {
			return nil, err
		}
	}
	began = now()
	if err := s.fill(ctx, c, s.load); err != nil {
		return nil, err
	}
	m.SetupSeconds += now().Sub(began).Seconds()
	say("  %v are there, after %.1f s", s.sizes, m.SetupSeconds)
	o, err := c.operate(ctx, operator)
	if err != nil {
		return nil, err
	}
	defer o.child.stop()
	if err := s.run(ctx, c, o, m, steady); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, o.child.tail())
	}
	return m, nil
}

func (s *scenario) fill(ctx context.Context, c *cluster, parts [][]client.Object) error {
	for _, part := range parts {
		if err := c.create(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// barePeak measures the memory of the operator on the ground alone.
func (s *scenario) barePeak(ctx context.Context, c *cluster, operator string) (float64, error) {
	o, err := c.operate(ctx, operator)
	if err != nil {
		return 0, err
	}
	defer o.child.stop()
	if _, err := c.ready(ctx, s.baselines, o.child.started); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, o.child.tail())
	}
	peak := o.child.peakMiB()
	say("  without what is to be measured: peak %.1f MiB", peak)
	o.child.stop()
	// The next operator has to say again that all is judged.
	for _, baseline := range s.baselines {
		unready := baseline.DeepCopy()
		unready.Status = v1alpha1.SecurityBaselineStatus{ObservedGeneration: -1}
		if err := c.client.Status().Update(ctx, unready); err != nil {
			return 0, err
		}
	}
	return peak, nil
}

// run measures an operator that has just been started.
func (s *scenario) run(ctx context.Context, c *cluster, o *operator, m *Scale, steady time.Duration) error {
	seen, err := watchStates(ctx, c.client)
	if err != nil {
		return err
	}
	if m.ReadySeconds, err = c.ready(ctx, s.baselines, o.child.started); err != nil {
		return err
	}
	m.ReadyCPUSeconds, m.PeakMiB = o.child.cpuSeconds(), o.child.peakMiB()
	say("  all judged after %.1f s, %.2f CPU s, peak %.1f MiB, %d reports", m.ReadySeconds, m.ReadyCPUSeconds, m.PeakMiB, seen.number())
	if m.SteadyWrites, err = c.steadyWrites(ctx, o.program, steady); err != nil {
		return err
	}
	m.Reports = seen.number()
	say("  API writes in %s of steady state: %d", steady, m.SteadyWrites)
	if err := s.checkCompliance(); err != nil {
		return err
	}
	if err := s.series(ctx, c, o, seen, m); err != nil {
		return err
	}
	m.PeakMiBInAll = o.child.peakMiB()
	say("  in all %.2f CPU s, peak %.1f MiB", o.child.cpuSeconds(), m.PeakMiBInAll)
	return nil
}

// series makes the changes, one after the other.
func (s *scenario) series(ctx context.Context, c *cluster, o *operator, seen *states, m *Scale) error {
	before, err := o.counters(ctx)
	if err != nil {
		return err
	}
	cpu := o.child.cpuSeconds()
	var took []float64
	for i := range s.changes {
		latency, err := s.change.make(ctx, c, i, seen, m)
		if err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		took = append(took, latency)
		if s.undo == nil {
			continue
		}
		if _, err := s.undo.make(ctx, c, i, seen, m); err != nil {
			return fmt.Errorf("take back change %d: %w", i, err)
		}
	}
	after, err := o.quiet(ctx)
	if err != nil {
		return err
	}
	m.Latency, m.ChangesCPUSeconds = percentiles(took), o.child.cpuSeconds()-cpu
	m.Evaluations, m.ReportWrites = after.evaluations-before.evaluations, after.reportWrites-before.reportWrites
	say("  %d changes: %s, %.2f CPU s", s.changes, m.Latency, m.ChangesCPUSeconds)
	say("  %d evaluations, for %d touched objects and %d reports written", m.Evaluations, m.Touched, m.ReportWrites)
	return nil
}

// make makes a change, and returns the milliseconds until its effect was seen.
func (change changing) make(ctx context.Context, c *cluster, i int, seen *states, m *Scale) (float64, error) {
	effect, err := change(ctx, c.client, i)
	if err != nil {
		return 0, err
	}
	last, err := seen.until(ctx, effect)
	if err != nil {
		return 0, err
	}
	m.Touched += effect.touched
	// Changes come one at a time, not back to back.
	return float64(last.Sub(effect.acknowledged).Microseconds()) / 1000, pause(ctx, 50*time.Millisecond)
}

// ready returns the seconds until the operator says that it has judged all that the baselines cover.
func (c *cluster) ready(ctx context.Context, baselines []*v1alpha1.SecurityBaseline, since time.Time) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for _, baseline := range baselines {
		for {
			if err := c.client.Get(ctx, client.ObjectKeyFromObject(baseline), baseline); err != nil {
				return 0, err
			}
			if meta.IsStatusConditionTrue(baseline.Status.Conditions, v1alpha1.ConditionReady) {
				break
			}
			if err := pause(ctx, 50*time.Millisecond); err != nil {
				return 0, fmt.Errorf("baseline %s is not judged: %v: %w", baseline.Name, baseline.Status.Conditions, err)
			}
		}
	}
	return now().Sub(since).Seconds(), nil
}

// checkCompliance makes sure that no report means that everything was judged, and not that nothing was.
func (s *scenario) checkCompliance() error {
	if !s.compliant {
		return nil
	}
	objects := 0
	for _, baseline := range s.baselines {
		for _, condition := range []string{v1alpha1.ConditionCompliant, v1alpha1.ConditionEvaluationComplete} {
			if !meta.IsStatusConditionTrue(baseline.Status.Conditions, condition) {
				return fmt.Errorf("baseline %s is not %s: %v", baseline.Name, condition, baseline.Status.Conditions)
			}
		}
		judged := int(baseline.Status.Summary.Objects)
		if judged < len(baseline.Spec.Declared) {
			return fmt.Errorf("baseline %s declares %d objects, and %d were judged", baseline.Name, len(baseline.Spec.Declared), judged)
		}
		objects += judged
	}
	say("  %d objects are as %d baselines declare them", objects, len(s.baselines))
	return nil
}

// operator is the operator, running.
type operator struct {
	program program
	child   *child
	metrics *metrics
}

// operate starts the operator, with metrics.
func (c *cluster) operate(ctx context.Context, path string) (*operator, error) {
	metrics, err := newMetrics(c.plane.Config().BearerToken)
	if err != nil {
		return nil, err
	}
	p := program{name: "plumbline", path: filepath.FromSlash(path), args: []string{
		"manager", "--metrics-bind-address=" + metrics.address, "--health-probe-bind-address=0",
	}}
	child, err := c.start(ctx, p)
	if err != nil {
		return nil, err
	}
	return &operator{p, child, metrics}, nil
}
