package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/test/bench/judging"
)

// Measured is what one program took.
type Measured struct {
	// FirstReportSeconds is from the start of the program to the sight of the first report.
	FirstReportSeconds float64 `json:"firstReportSeconds"`
	// AllReportsSeconds is from the start of the program to the sight of the last report, LoadCPUSeconds its CPU time then.
	AllReportsSeconds float64 `json:"allReportsSeconds"`
	LoadCPUSeconds    float64 `json:"loadCPUSeconds"`
	// LoadWrites are its API writes by then, by resource.
	LoadWrites map[string]int `json:"loadWrites"`
	// Idle and Churn are the latencies of single changes, with nothing else going on and with other changes.
	Idle  Latency `json:"idle"`
	Churn Latency `json:"churn"`
	// SteadyWrites are its API writes while nothing changes.
	SteadyWrites int `json:"steadyWrites"`
	// CPUSeconds and PeakMiB are of the whole run.
	CPUSeconds float64 `json:"cpuSeconds"`
	PeakMiB    float64 `json:"peakMiB"`
}

// Target is something to reach.
type Target struct {
	What    string  `json:"what"`
	Value   float64 `json:"value"`
	Limit   float64 `json:"limit"`
	Reached bool    `json:"reached"`
}

// Results are those of one run.
type Results struct {
	Time       time.Time `json:"time"`
	Kubernetes string    `json:"kubernetes"`
	Objects    int       `json:"objects"`
	Floor      *Measured `json:"floor,omitempty"`
	Plumbline  *Measured `json:"plumbline,omitempty"`
	// Judging is what judging one pod costs, without a cluster.
	Judging *judging.Comparison `json:"judging,omitempty"`
	// RBAC, Network and Inventory are the operator in large clusters.
	RBAC      *Scale   `json:"rbac,omitempty"`
	Network   *Scale   `json:"network,omitempty"`
	Inventory *Scale   `json:"inventory,omitempty"`
	Targets   []Target `json:"targets"`
}

// writes counts the API writes of a program by resource.
func (c *cluster) writes(p program) (map[string]int, error) {
	user := "system:serviceaccount:" + operatorNamespace + ":" + operatorAccount
	if p.asAdmin {
		return nil, nil // the bench itself writes as admin
	}
	all, err := c.plane.Writes(context.Background(), func(write controlplane.Write) bool { return write.User == user })
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, write := range all {
		counts[write.Resource]++
	}
	return counts, nil
}

// steadyWrites lets what is under way settle (Events are paced, and follow their reports), and then counts what is
// written while nothing changes.
func (c *cluster) steadyWrites(ctx context.Context, p program, during time.Duration) (int, error) {
	before, err := c.writes(p)
	for settled := false; err == nil && !settled; {
		last := before
		if err := pause(ctx, 5*time.Second); err != nil {
			return 0, err
		}
		before, err = c.writes(p)
		settled = total(before) == total(last)
	}
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, during); err != nil {
		return 0, err
	}
	after, err := c.writes(p)
	if err != nil {
		return 0, err
	}
	return total(after) - total(before), nil
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// judge holds what was measured against what is to be reached.
func (r *Results) judge() {
	if r.Judging != nil {
		r.judgePod()
	}
	if r.Plumbline != nil {
		r.judgeDeployments()
	}
	if r.RBAC != nil {
		r.judgeScale("bindings", r.RBAC, 500)
	}
	if r.Network != nil {
		r.judgeScale("policies", r.Network, 1000)
	}
	if r.Inventory != nil {
		r.judgeInventory()
	}
}

func (r *Results) add(what string, value, limit float64) {
	r.Targets = append(r.Targets, Target{what, value, limit, value <= limit})
}

// judgePod holds the cost of judging one pod against what is to be reached.
func (r *Results) judgePod() {
	j := r.Judging
	r.add("time per check, hardened, times upstream's", j.Hardened.PerCheck()/j.Upstream.PerCheck(), 1)
	r.add("time per check, restricted, times upstream's", j.Restricted.PerCheck()/j.Upstream.PerCheck(), 1)
	r.add("allocations for a clean pod", float64(j.Hardened.Allocations+j.Restricted.Allocations), 0)
}

// judgeScale holds a large cluster against what is to be reached.
func (r *Results) judgeScale(changed string, s *Scale, milliseconds float64) {
	r.add("latency p99 when "+changed+" change, ms", s.Latency.P99, milliseconds)
	r.add("evaluations of what "+changed+" do not touch", float64(s.needless()), 0)
	r.add("API writes in steady state, many "+changed, float64(s.SteadyWrites), 0)
}

// judgeInventory holds a cluster of which everything is declared against what is to be reached.
func (r *Results) judgeInventory() {
	i := r.Inventory
	r.add("latency p99 of what nobody declared, ms", i.Latency.P99, 1000)
	r.add("reports on what is as declared", float64(i.Reports), 0)
	r.add("evaluations of what is declared", float64(i.needless()), 0)
	r.add("API writes in steady state, all declared", float64(i.SteadyWrites), 0)
}

// tables shows all that was measured.
func (r *Results) tables() string {
	var text string
	if r.Plumbline != nil {
		text += r.table()
	}
	if r.Judging != nil {
		text += r.podTable()
	}
	if r.RBAC != nil {
		text += r.RBAC.table("roles and bindings; one binding changes at a time")
	}
	if r.Network != nil {
		text += r.Network.table("NetworkPolicies; one changes at a time")
	}
	if r.Inventory != nil {
		text += r.Inventory.table("declared objects in closed lists; one that nobody declared comes and goes at a time")
	}
	return text + r.verdicts()
}

// table shows what was measured in a large cluster.
func (s *Scale) table(what string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMany %s\n", what)
	row := func(what, format string, values ...any) {
		fmt.Fprintf(&b, "%-46s %s\n", what, fmt.Sprintf(format, values...))
	}
	row("objects", "%v, created in %.0f s", s.Sizes, s.SetupSeconds)
	row("all judged after", "%.2f s, %.2f CPU s", s.ReadySeconds, s.ReadyCPUSeconds)
	row("reports before the changes", "%d", s.Reports)
	row("latency of a change", "%s, of %d", s.Latency, s.Changes)
	row("evaluations per change", "%.2f: %.2f touched and %.2f reports seen again", per(s.Evaluations, s.Changes),
		per(s.Touched, s.Changes), per(s.ReportWrites, s.Changes))
	row("CPU per change", "%.1f ms", 1000*s.ChangesCPUSeconds/float64(s.Changes))
	row("peak memory", "%.1f MiB, and %.1f MiB after the changes", s.PeakMiB, s.PeakMiBInAll)
	if s.BarePeakMiB > 0 {
		row("peak memory without them", "%.1f MiB: they take %.1f MiB", s.BarePeakMiB, s.PeakMiB-s.BarePeakMiB)
	}
	row("API writes in steady state", "%d", s.SteadyWrites)
	return b.String()
}

func per(n, changes int) float64 { return float64(n) / float64(changes) }

// podTable shows what judging one pod costs.
func (r *Results) podTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nOne clean pod of three containers, judged without a cluster\n")
	fmt.Fprintf(&b, "%-46s %7s %10s %10s %12s\n", "", "checks", "ns", "ns/check", "allocations")
	for _, row := range []struct {
		what string
		cost judging.Cost
	}{
		{"plumbline, baseline hardened", r.Judging.Hardened},
		{"plumbline, restricted v1.36", r.Judging.Restricted},
		{"Pod Security admission, restricted v1.36", r.Judging.Upstream},
	} {
		fmt.Fprintf(&b, "%-46s %7d %10.0f %10.1f %12d\n", row.what, row.cost.Checks, row.cost.Nanoseconds, row.cost.PerCheck(), row.cost.Allocations)
	}
	return b.String()
}

// verdicts says of each target whether it is reached.
func (r *Results) verdicts() string {
	var b strings.Builder
	b.WriteString("\n")
	for _, t := range r.Targets {
		verdict := "reached"
		if !t.Reached {
			verdict = "MISSED"
		}
		fmt.Fprintf(&b, "%-46s %8.2f   at most %6.1f   %s\n", t.What, t.Value, t.Limit, verdict)
	}
	return b.String()
}

// judgeDeployments holds the operator against the floor.
func (r *Results) judgeDeployments() {
	f, p := r.Floor, r.Plumbline
	r.add("time until all reports, times the floor's", p.AllReportsSeconds/f.AllReportsSeconds, 1.5)
	r.add("CPU until all reports, times the floor's", p.LoadCPUSeconds/f.LoadCPUSeconds, 3)
	r.add("report writes per drifted object", float64(p.LoadWrites["driftreports"])/float64(r.Objects/2), 1)
	r.add("idle latency p50, times the floor's", p.Idle.P50/f.Idle.P50, 2)
	r.add("idle latency p99, times the floor's", p.Idle.P99/f.Idle.P99, 4)
	r.add("latency p99 under churn, ms", p.Churn.P99, 250)
	r.add("API writes in steady state", float64(p.SteadyWrites), 0)
	r.add("peak memory, MiB", p.PeakMiB, 100)
}

func (r *Results) table() string {
	var b strings.Builder
	row := func(what, format string, f, p float64) {
		fmt.Fprintf(&b, "%-34s %12s %12s %8.2f\n", what, fmt.Sprintf(format, f), fmt.Sprintf(format, p), p/f)
	}
	fmt.Fprintf(&b, "\n%d Deployments, half of them drifted, Kubernetes %s\n", r.Objects, r.Kubernetes)
	fmt.Fprintf(&b, "%-34s %12s %12s %8s\n", "", "floor", "plumbline", "ratio")
	f, p := r.Floor, r.Plumbline
	row("first report after", "%.2f s", f.FirstReportSeconds, p.FirstReportSeconds)
	row("all reports after", "%.2f s", f.AllReportsSeconds, p.AllReportsSeconds)
	row("CPU until then", "%.2f s", f.LoadCPUSeconds, p.LoadCPUSeconds)
	row("latency at idle, p50", "%.1f ms", f.Idle.P50, p.Idle.P50)
	row("latency at idle, p99", "%.1f ms", f.Idle.P99, p.Idle.P99)
	row("latency at idle, max", "%.1f ms", f.Idle.Max, p.Idle.Max)
	row("latency under churn, p50", "%.1f ms", f.Churn.P50, p.Churn.P50)
	row("latency under churn, p99", "%.1f ms", f.Churn.P99, p.Churn.P99)
	row("CPU in all", "%.2f s", f.CPUSeconds, p.CPUSeconds)
	row("peak memory", "%.1f MiB", f.PeakMiB, p.PeakMiB)
	fmt.Fprintf(&b, "\nAPI writes of plumbline until all reports: %v; in steady state: %d\n", p.LoadWrites, p.SteadyWrites)
	return b.String()
}

func (r *Results) write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return err
	}
	say("written to %s", path)
	return nil
}
