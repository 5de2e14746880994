package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/manifest"
)

// request is what a scan was asked for.
type request struct {
	Options
	paths, baselines, presets []string
	compare, format, failOn   string
	skipInvalid, live         bool
	manifest                  manifest.Options
	access                    access
	stdin                     io.Reader
	stdout, stderr            io.Writer
	coloured                  bool
	progress                  *progress
}

// tree is a world with what was found in it.
type tree struct {
	*world
	set        *baseline.Set
	results    []Result
	copies     []copied // of what was judged, where trees are compared
	unreadable []UnreadableKind
}

// run does a scan: read, judge, print. The error is an ExitCode where all was said.
func (q *request) run(ctx context.Context) error {
	defer q.progress.clear()
	asked, err := q.declared(ctx)
	if err != nil {
		return err
	}
	var before *tree
	if q.compare != "" {
		if before, err = q.tree(ctx, []string{q.compare}, asked, nil); err != nil {
			return err
		}
	}
	now, err := q.tree(ctx, q.paths, asked, before)
	if err != nil {
		return err
	}
	r := resultsOf(now, before)
	if needsLines(q.format) {
		r.findLines()
	}
	q.progress.clear()
	if err := q.print(r); err != nil {
		return err
	}
	if r.Summary.Objects == 0 && len(r.Errors) == 0 {
		return errors.New(nothingJudged(now))
	}
	return r.exit(v1alpha1.Severity(q.failOn), q.skipInvalid)
}

// declared returns the baselines that the call names.
func (q *request) declared(ctx context.Context) ([]declared, error) {
	var all []declared
	for _, name := range q.presets {
		one, err := preset(name)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(q.baselines) == 0 {
		return all, nil
	}
	found, err := readBaselines(ctx, manifest.New(q.stdin, q.manifest), q.baselines)
	return append(all, found...), err
}

// tree reads and judges: by the baselines that were asked for or, where none was, by those among what it reads.
func (q *request) tree(ctx context.Context, paths []string, asked []declared, before *tree) (*tree, error) {
	read := q.readFiles
	if q.live {
		read = q.readCluster
	}
	t, err := read(ctx, paths, asked)
	if err != nil {
		return nil, err
	}
	j := &judging{
		set: t.set, now: q.Clock.Now(), progress: q.progress, reports: q.format == formatYAML, verdicts: q.compare != "",
	}
	if before != nil {
		j.last, j.before = byKey(before.results), before.copies
	}
	var left []given
	if t.results, left, err = j.judge(ctx, t.world); err != nil {
		return nil, err
	}
	t.copies = j.copies
	for i := range left {
		t.problems = append(t.problems, Problem{Source: sourceOf(left[i].source), Message: "The " + left[i].ref.String() +
			" is given too many times, and this one is not judged: scan fewer directories at once."})
	}
	return t, nil
}

func (q *request) readFiles(ctx context.Context, paths []string, asked []declared) (*tree, error) {
	w, err := load(ctx, manifest.New(q.stdin, q.manifest), paths, q.progress)
	if err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		if asked, err = w.declares(ctx); err != nil {
			return nil, err
		}
	}
	set, err := compile(asked, q.Checks)
	return &tree{world: w, set: set}, err
}

// readCluster reads the baselines first: what else is read depends on them. An API server has accepted those of a cluster.
func (q *request) readCluster(ctx context.Context, _ []string, asked []declared) (*tree, error) {
	reader, config, err := q.access.connect(q.Version)
	if err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		if asked, err = baselinesOf(ctx, reader); err != nil {
			return nil, err
		}
	}
	set, err := compile(asked, q.Checks)
	if err != nil {
		return nil, err
	}
	w, unreadable, err := cluster(ctx, reader, set, q.access.namespace, q.progress)
	if err != nil {
		return nil, err
	}
	if minor, err := facts.ServerMinor(ctx, config); err == nil { // without it, what is found says what was assumed
		w.seen.server = minor
	}
	return &tree{world: w, set: set, unreadable: unreadable}, nil
}

// declares returns the baselines among what was read from files, unless an API server would refuse one.
func (w *world) declares(ctx context.Context) ([]declared, error) {
	var wrong []error
	for _, one := range w.baselines {
		wrong = append(wrong, refusals(ctx, one, w.loader)...)
	}
	return w.baselines, errors.Join(wrong...)
}

// resultsOf puts together what is said of a tree, or of what changed since another.
func resultsOf(now, before *tree) *Results {
	r := &Results{Errors: slices.Clone(now.problems)}
	results := now.results
	if before != nil {
		r.Errors = append(before.beforehand(), r.Errors...)
		results = compare(before.results, now.results)
	}
	s := &r.Summary
	s.compared = before != nil
	s.Files, s.Documents, s.Skipped = now.stats.Files, now.stats.Documents, now.stats.Skipped
	s.Unreadable, s.Errors = now.unreadable, len(r.Errors)
	for _, b := range now.set.All() {
		s.Baselines = append(s.Baselines, b.Name)
	}
	for i := range now.results {
		if now.results[i].judged {
			s.Objects++
		}
	}
	for i := range results {
		s.count(&results[i])
		if results[i].says() {
			r.Results = append(r.Results, results[i])
		} else {
			r.clean = append(r.clean, results[i])
		}
	}
	return r
}

// beforehand returns the problems of the tree that is compared with. They decide nothing, for they are in no state that is to come:
// whoever mends what could not be read must not be told that he broke it. A tree of which nothing can be read is a wrong path.
func (t *tree) beforehand() []Problem {
	problems := slices.Clone(t.problems)
	for i := range problems {
		problems[i].Before = t.stats.Files > 0
	}
	return problems
}

// count counts what was found on an object.
func (s *Summary) count(r *Result) {
	if r.drifted(v1alpha1.SeverityLow) {
		s.Drifted++
	}
	if len(r.NotEvaluated) > 0 {
		s.NotEvaluated++
	}
	for i := range r.Findings {
		switch f := &r.Findings[i]; {
		case f.Change == Closed:
			s.Closed++
		case f.Waiver != nil:
			s.Waived++
		default:
			s.Findings.Add(f.Severity, 1)
		}
	}
}

// findLines finds the lines of all findings.
func (r *Results) findLines() {
	for i := range r.Results {
		one := &r.Results[i]
		if one.loader == nil {
			continue
		}
		for j := range one.Findings {
			one.Findings[j].Line = one.loader.Line(one.at, one.Findings[j].Path)
		}
	}
}

// nothingJudged says why nothing was judged, and what to do: a scan that judges nothing must not pass for one that finds
// nothing.
func nothingJudged(t *tree) string {
	switch all := t.set.All(); {
	case len(all) == 0:
		return "nothing was judged: no baseline was given; name one with --baseline, or take one with --preset " + strings.Join(Presets(), "|")
	case len(t.objects) == 0:
		return "nothing was judged: there is no object of a kind that Plumbline judges in what was given"
	case !slices.ContainsFunc(all, func(b *baseline.Baseline) bool { return b.Frozen == "" }):
		return "nothing was judged: " + all[0].Name + " is suspended: " + all[0].Frozen
	case len(t.results) > 0:
		return "nothing was judged: baseline " + all[0].Name + " chooses by the labels of Namespaces, which are not among what was given"
	}
	return fmt.Sprintf("nothing was judged: none of the %d objects is in the scope of a baseline", len(t.objects))
}

// print writes results in the format that was asked for.
func (q *request) print(r *Results) error {
	switch q.format {
	case formatJSON:
		return writeJSON(q.stdout, r)
	case formatYAML:
		return errors.Join(writeYAML(q.stdout, r), writeErrors(q.stderr, r))
	case formatSARIF:
		return writeSARIF(q.stdout, r, &q.Options)
	case formatJUnit:
		return writeJUnit(q.stdout, r, v1alpha1.Severity(q.failOn))
	case formatGitHub:
		return writeGitHub(q.stdout, r)
	}
	return writeTable(q.stdout, r, q.coloured)
}
