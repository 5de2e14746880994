package checks_test

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

var update = flag.Bool("update", false, "rewrite the .want files in testdata")

// example is a case of a check, from testdata/<id>: a file that holds a baseline and objects. Those that the check judges are
// held against the baseline, and all are looked around in.
type example struct {
	check    engine.Check
	file     string
	baseline v1alpha1.SecurityBaseline
	reading  podsecurity.Reading
	objects  []client.Object
	live     []client.Object // what the API server holds, where the objects are what caches hold of it
}

func TestEveryCheckFindsExactlyWhatItsCasesSay(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			var got strings.Builder
			for _, in := range e.inputs(t) {
				got.WriteString(e.judge(t, in))
			}
			golden := strings.TrimSuffix(e.file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v: go test -update writes it", err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("go test -update accepts the difference (-want +got):\n%s", diff)
			}
		})
	}
}

// Caches hold objects without what no check looks at. A check that begins to look at more must not be blind there.
func TestEveryCheckFindsTheSameInObjectsAsCachesHoldThem(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			whole := e.inputs(t)
			held := *e
			held.objects, held.live = nil, e.objects
			for _, obj := range e.objects {
				trimmed := obj.DeepCopyObject().(client.Object)
				workload.Trim(trimmed)
				rbac.Trim(trimmed)
				if policy, is := trimmed.(*networkingv1.NetworkPolicy); is {
					network.Trim(policy)
				}
				held.objects = append(held.objects, trimmed)
			}
			for i, in := range held.inputs(t) {
				if diff := cmp.Diff(e.judge(t, whole[i]), e.judge(t, in)); diff != "" {
					t.Errorf("what caches hold lacks what the check looks at (-whole +trimmed):\n%s", diff)
				}
			}
		})
	}
}

func TestNoCheckChangesWhatItJudges(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			declared := e.baseline.DeepCopy()
			var before []client.Object
			for _, obj := range e.objects {
				before = append(before, obj.DeepCopyObject().(client.Object))
			}
			for _, in := range e.inputs(t) {
				e.run(t, in)
			}
			if diff := cmp.Diff(before, e.objects); diff != "" {
				t.Errorf("the objects (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(declared, &e.baseline); diff != "" {
				t.Errorf("the baseline (-before +after):\n%s", diff)
			}
		})
	}
}

// costly are the checks that look at more than what they judge, and so cost something where it is clean too: no more than this.
// What they have nothing to look at costs nothing.
var costly = map[string]struct {
	allocations float64
	concerns    func(*engine.Input) bool
}{
	// Who may reach the few workloads that are protected is asked of all workloads of the cluster.
	"reachability": {16, func(in *engine.Input) bool {
		return slices.ContainsFunc(in.Reachability, func(r engine.Reachability) bool { return r.To.Select(&in.Network.Pod) })
	}},
	// What is declared is brought into normal form each time; where it is not the same, be it only stricter, fact by fact.
	"declared-object": {600, func(in *engine.Input) bool { return in.Pin != nil }},
	// Each workload of the namespace is judged by the checks of its level, in one input for all.
	"pod-security-refusal": {1, func(in *engine.Input) bool { return len(in.Namespace.Workloads) > 0 }},
}

// Nearly every object that is judged is clean, each is judged by every check, and a change of a baseline judges all.
func TestACleanObjectCostsNoAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes objects of its own; make test runs this without it, too")
	}
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			for _, in := range e.inputs(t) {
				if !e.declared() || len(e.run(t, in)) > 0 {
					continue
				}
				allowed := 0.
				if costs, is := costly[e.check.ID]; is && costs.concerns(in) {
					allowed = costs.allocations
				}
				if allocations := testing.AllocsPerRun(100, func() { e.check.Run(in) }); allocations > allowed {
					t.Errorf("%s costs %v allocations", in.Ref(), allocations)
				}
			}
		})
	}
}

func (e *example) name() string {
	return e.check.ID + "/" + strings.TrimSuffix(filepath.Base(e.file), ".yaml")
}

func (e *example) declared() bool {
	return e.check.Declared(&e.baseline.Spec)
}

// inputs returns what the check judges of a case: the objects in their order, then the users and groups that bindings name.
func (e *example) inputs(t *testing.T) []*engine.Input {
	t.Helper()
	asks := baseline.Compile(&e.baseline, checks.All())
	if asks.Invalid() {
		t.Fatal(asks.Frozen)
	}
	cluster := facts.Remembered(e.objects)
	cluster.Weakened = facts.NewlyWeak(e.objects)
	if e.live != nil {
		cluster.Live = facts.NewMemory(e.live)
	}
	var targets []*facts.Target
	for _, obj := range e.objects {
		target, err := cluster.Itself(t.Context(), obj)
		if err != nil || target == nil {
			t.Fatalf("%T %s is not judged: %v", obj, obj.GetName(), err)
		}
		targets = append(targets, target)
	}
	named, _, err := cluster.NamedSubjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range named {
		target, _, err := cluster.Target(t.Context(), subject.Ref)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
	}
	targets = append(targets, e.missing(t, cluster, asks)...)
	var inputs []*engine.Input
	for _, target := range targets {
		all := target.Object.Inputs()
		in := &all[0]
		if class, _ := workload.ClassOf(in.Ref().GroupKind()); e.check.Judges != workload.Any && !e.check.For(class) {
			continue
		}
		judgement.Ask(asks, &target.Object, in)
		if slices.Contains(e.check.Needs, engine.NeedRunningPods) {
			if compared, covered := judgement.Compare(asks, &target.Object, all); covered {
				in = &compared
			}
		}
		in.Declared, in.Reading = &e.baseline.Spec, e.reading
		inputs = append(inputs, in)
	}
	return inputs
}

// missing returns what the baseline declares and a case does not hold, in the order of their names.
func (e *example) missing(t *testing.T, cluster *facts.Cluster, asks *baseline.Baseline) []*facts.Target {
	t.Helper()
	var targets []*facts.Target
	for _, ref := range e.absent(asks) {
		target, _, err := cluster.Declared(t.Context(), asks.Pin(ref), facts.Gone)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
	}
	return targets
}

func (e *example) absent(asks *baseline.Baseline) []workload.Ref {
	absent := slices.DeleteFunc(asks.Declares(), func(ref workload.Ref) bool {
		return slices.ContainsFunc(e.objects, func(obj client.Object) bool {
			kind := reflect.TypeOf(obj).Elem().Name()
			return kind == ref.Kind && obj.GetNamespace() == ref.Namespace && obj.GetName() == ref.Name
		})
	})
	slices.SortFunc(absent, func(a, b workload.Ref) int { return strings.Compare(a.String(), b.String()) })
	return absent
}

func (e *example) run(t *testing.T, in *engine.Input) []engine.Finding {
	t.Helper()
	result := engine.Evaluate([]engine.Check{e.check}, in)
	if len(result.NotEvaluated) > 0 {
		t.Fatalf("not evaluated: %v", result.NotEvaluated)
	}
	return result.Findings
}

// judge returns what is found, as .want files hold it.
func (e *example) judge(t *testing.T, in *engine.Input) string {
	t.Helper()
	findings := e.run(t, in)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", in.Ref())
	switch {
	case !e.declared():
		b.WriteString("not declared\n")
	case len(findings) == 0:
		b.WriteString("no findings\n")
	default:
		fmt.Fprintf(&b, "findings: %d\n", len(findings))
	}
	for _, f := range findings {
		mark := "- "
		severity := string(f.Severity)
		if f.Severity == e.check.Severity {
			severity = "" // only another than the check's own is worth a line
		}
		for _, field := range [][2]string{
			{"severity", severity}, {"container", f.Container}, {"path", f.Path}, {"value", f.Value}, {"expected", f.Expected},
			{"actual", f.Actual}, {"message", f.Message}, {"remediation", f.Remediation},
		} {
			if field[1] != "" {
				fmt.Fprintf(&b, "%s%-13s%s\n", mark, field[0]+":", field[1])
				mark = "  "
			}
		}
	}
	return b.String()
}

// examples reads all cases of all checks.
func examples(t *testing.T) []*example {
	t.Helper()
	var found []*example
	for _, check := range checks.All() {
		files, err := filepath.Glob(filepath.Join("testdata", check.ID, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			e := &example{check: check, file: file}
			if err := e.read(); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			found = append(found, e)
		}
	}
	return found
}

func (e *example) read() error {
	data, err := os.ReadFile(e.file)
	if err != nil {
		return err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	first, err := documents.Read()
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(first, &e.baseline); err != nil {
		return fmt.Errorf("the first document is not a SecurityBaseline: %w", err)
	}
	if err := e.expand(); err != nil {
		return err
	}
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		obj, err := decode(document)
		if err != nil {
			return err
		}
		e.objects = append(e.objects, obj)
	}
	if e.baseline.Kind != "SecurityBaseline" || len(e.objects) == 0 {
		return errors.New("must hold a SecurityBaseline, then one or more objects")
	}
	return nil
}

// expand puts what a Pod Security Standard asks for in the place of what the baseline of a case declares beside it, which
// must be nothing: what is found must come from one of the two.
func (e *example) expand() error {
	standard := e.baseline.Spec.Workloads.PodSecurityStandard
	if standard.Level == "" {
		return nil
	}
	if !reflect.DeepEqual(e.baseline.Spec.Workloads, v1alpha1.Workloads{PodSecurityStandard: standard}) {
		return errors.New("declares more than podSecurityStandard")
	}
	rules, err := podsecurity.Expand(standard.Level, standard.Version)
	e.baseline.Spec.Workloads, e.reading = rules.Workloads, rules.Reading
	return err
}

// decode reads an object as the API server does: it drops fields that it does not know, also when only their case is
// wrong.
func decode(document []byte) (client.Object, error) {
	data, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, err
	}
	var head runtime.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &head); err != nil {
		return nil, err
	}
	obj, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(head.APIVersion, head.Kind))
	if err != nil {
		return nil, err
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, obj); err != nil {
		return nil, err
	}
	return obj.(client.Object), nil
}
