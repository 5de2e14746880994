package controllers

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// ledger holds, in numbers, what was found on every target, from which the status of the baselines and the gauges are
// made. It is filled anew by the first pass after a start.
type ledger struct {
	mu      sync.Mutex
	entries map[workload.Ref]entry
	beyond  int // entries that are unreported
	passes  map[string]*pass
	// changed is told the names of the baselines whose numbers changed, and finished those whose pass is complete.
	changed, finished func(names ...string)
}

// entry is what was found on one target.
type entry struct {
	baselines    []string              // that cover it
	open         map[findingKind]int32 // open findings
	waived       map[string]int32      // by baseline, the findings that exceptions waive
	matched      map[judgement.ExceptionKey]int32
	notEvaluated map[string]string // by baseline, the reason
	unreported   bool              // drifted, but beyond the ceiling of reports
	oldest       map[openKind]time.Time
}

// openKind is what the age of open findings is told by.
type openKind struct {
	baseline string
	severity v1alpha1.Severity
}

// findingKind is what findings are counted by.
type findingKind struct {
	baseline, check string
	severity        v1alpha1.Severity
}

// pass is one going over all the targets of a baseline's generation.
type pass struct {
	of   *baseline.Baseline
	left map[workload.Ref]struct{}
}

func newLedger() *ledger {
	return &ledger{
		entries: map[workload.Ref]entry{}, passes: map[string]*pass{},
		changed: func(...string) {}, finished: func(...string) {},
	}
}

func entryOf(verdict judgement.Verdict, unreported bool) entry {
	e := entry{unreported: unreported, matched: verdict.Matched}
	for _, b := range verdict.Covering {
		e.baselines = append(e.baselines, b.Name)
	}
	for i := range verdict.Findings {
		f := &verdict.Findings[i]
		if engine.Open(f) {
			put(&e.open, findingKind{f.Baseline, f.Check, f.Severity}, e.open[findingKind{f.Baseline, f.Check, f.Severity}]+1)
		} else {
			put(&e.waived, f.Baseline, e.waived[f.Baseline]+1)
		}
	}
	for _, n := range verdict.NotEvaluated {
		put(&e.notEvaluated, n.Baseline, n.Reason)
	}
	return e
}

// put makes the map when there is something to put into it: most targets are clean.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// begin starts a pass of a baseline over the targets. One without targets is over at once, and nobody is told.
func (l *ledger) begin(b *baseline.Baseline, targets []workload.Ref) {
	left := make(map[workload.Ref]struct{}, len(targets))
	for _, ref := range targets {
		left[ref] = struct{}{}
	}
	l.mu.Lock()
	l.passes[b.Name] = &pass{of: b, left: left}
	l.mu.Unlock()
}

// drop forgets a baseline that is no more.
func (l *ledger) drop(name string) {
	l.mu.Lock()
	delete(l.passes, name)
	l.mu.Unlock()
}

// remaining returns how many targets of a baseline's generation are still to be judged, and false when no pass has
// begun.
func (l *ledger) remaining(b *baseline.Baseline) (int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.passes[b.Name]
	if p == nil || p.of != b {
		return 0, false
	}
	return len(p.left), true
}

// past says whether a baseline's generation is being gone over, and a target is not among those still to be judged.
func (l *ledger) past(ref workload.Ref, b *baseline.Baseline) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.passes[b.Name]
	if p == nil || p.of != b {
		return false
	}
	_, waiting := p.left[ref]
	return !waiting
}

// record takes down what the set of baselines found on a target; forget that the target is no more.
func (l *ledger) record(ref workload.Ref, set *baseline.Set, e entry) { l.replace(ref, set, &e) }

func (l *ledger) forget(ref workload.Ref, set *baseline.Set) { l.replace(ref, set, nil) }

// skip takes down that nothing can be said of a target now: what is known of it stays.
func (l *ledger) skip(ref workload.Ref, set *baseline.Set) {
	l.mu.Lock()
	finished := l.tick(ref, set)
	l.mu.Unlock()
	l.finished(finished...)
}

// fail takes down that a target could not be judged, or what was found not be written. It will be tried again; until
// then what is known of it stays, and the baselines say that something is missing.
func (l *ledger) fail(ref workload.Ref, set *baseline.Set, reason string) {
	l.mu.Lock()
	e, known := l.entries[ref]
	concerned := slices.Clone(e.baselines)
	for name, p := range l.passes {
		if _, waiting := p.left[ref]; waiting {
			concerned = append(concerned, name)
		}
	}
	l.mu.Unlock()
	if !known && len(concerned) == 0 {
		return
	}
	e.notEvaluated = maps.Clone(e.notEvaluated)
	for _, name := range concerned {
		put(&e.notEvaluated, name, reason)
	}
	l.replace(ref, set, &e)
}

func (l *ledger) replace(ref workload.Ref, set *baseline.Set, e *entry) {
	l.mu.Lock()
	before, known := l.entries[ref]
	changed := map[string]bool{}
	var after entry
	if e != nil {
		after = *e
		l.entries[ref] = after
	} else {
		delete(l.entries, ref)
	}
	l.beyond += after.beyond() - before.beyond()
	if known || e != nil {
		differing(before, after, changed)
	}
	finished := l.tick(ref, set)
	l.mu.Unlock()
	l.changed(slices.Collect(maps.Keys(changed))...)
	l.finished(finished...)
}

// covered returns the targets that a baseline covers.
func (l *ledger) covered(name string) []workload.Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	var refs []workload.Ref
	for ref := range l.entries {
		if slices.Contains(l.entries[ref].baselines, name) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// tick takes a target off the passes that the set has judged it for, and returns the baselines with nothing left.
func (l *ledger) tick(ref workload.Ref, set *baseline.Set) []string {
	var finished []string
	for name, p := range l.passes {
		if _, waiting := p.left[ref]; !waiting || set.Get(name) != p.of {
			continue
		}
		delete(p.left, ref)
		if len(p.left) == 0 {
			finished = append(finished, name)
		}
	}
	return finished
}

// differing adds the baselines for which the two entries count differently.
func differing(a, b entry, names map[string]bool) {
	for _, pair := range [][2]entry{{a, b}, {b, a}} {
		one, other := pair[0], pair[1]
		for _, name := range one.baselines {
			if !slices.Contains(other.baselines, name) || one.unreported != other.unreported {
				names[name] = true
			}
		}
		differ(one.open, other.open, names, func(kind findingKind) string { return kind.baseline })
		differ(one.waived, other.waived, names, func(name string) string { return name })
		differ(one.matched, other.matched, names, func(key judgement.ExceptionKey) string { return key.Baseline })
		differ(one.notEvaluated, other.notEvaluated, names, func(name string) string { return name })
	}
}

func differ[K, V comparable](one, other map[K]V, names map[string]bool, baselineOf func(K) string) {
	for key, value := range one {
		if theirs, has := other[key]; !has || theirs != value {
			names[baselineOf(key)] = true
		}
	}
}

// tally is what the ledger holds for one baseline.
type tally struct {
	v1alpha1.BaselineSummary
	notEvaluated int              // targets that could not be judged entirely
	reason       string           // the reason for one of them
	unreported   int              // drifted targets beyond the ceiling of reports
	matched      map[string]int32 // by exception, the findings that it waives
}

// tally adds up what was found for a baseline.
func (l *ledger) tally(name string) tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := tally{matched: map[string]int32{}}
	for _, e := range l.entries {
		t.Waived += e.waived[name]
		for key, n := range e.matched {
			if key.Baseline == name {
				t.matched[key.Exception] += n
			}
		}
		if slices.Contains(e.baselines, name) {
			t.Objects++
		}
		if reason, not := e.notEvaluated[name]; not {
			t.notEvaluated++
			t.reason = max(t.reason, reason) // any one, but always the same
		}
		drifted := false
		for kind, n := range e.open {
			if kind.baseline == name {
				drifted = true
				t.Findings.Add(kind.severity, n)
			}
		}
		if drifted {
			t.Drifted++
		}
		if drifted && e.unreported {
			t.unreported++
		}
	}
	return t
}

// unreported returns the n worst of the drifted targets beyond the ceiling of reports.
func (l *ledger) unreported(n int) []workload.Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beyond == 0 { // as ever, but for the largest clusters: the entries are many
		return nil
	}
	var refs []workload.Ref
	for ref, e := range l.entries {
		if e.unreported {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(a, b workload.Ref) int {
		return cmp.Or(cmp.Compare(l.entries[a].rank(), l.entries[b].rank()), cmp.Compare(a.String(), b.String()))
	})
	return refs[:min(max(n, 0), len(refs))]
}

// beyond is 1 where a drifted target has no report.
func (e entry) beyond() int {
	if e.unreported {
		return 1
	}
	return 0
}

// rank is that of the worst open finding.
func (e entry) rank() int {
	worst := math.MaxInt
	for kind := range e.open {
		worst = min(worst, engine.Rank(kind.severity))
	}
	return worst
}
