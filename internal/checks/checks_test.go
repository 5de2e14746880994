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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

var update = flag.Bool("update", false, "rewrite the .want files in testdata")

// example is a case of a check, from testdata/<id>: a file that holds a baseline and the objects it is held against.
// ServiceAccounts among them are facts.
type example struct {
	check    engine.Check
	file     string
	baseline v1alpha1.SecurityBaseline
	reading  podsecurity.Reading
	objects  []runtime.Object
	// accounts are the ServiceAccounts among the objects, as facts for the workloads that run as them.
	accounts map[types.NamespacedName]engine.ServiceAccount
}

func TestEveryCheckFindsExactlyWhatItsCasesSay(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			var got strings.Builder
			for _, obj := range e.objects {
				got.WriteString(e.judge(t, obj))
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
			for _, obj := range e.objects {
				trimmed := obj.DeepCopyObject()
				workload.Trim(trimmed)
				if diff := cmp.Diff(e.judge(t, obj), e.judge(t, trimmed)); diff != "" {
					t.Errorf("workload.Trim drops what the check looks at (-whole +trimmed):\n%s", diff)
				}
			}
		})
	}
}

func TestNoCheckChangesWhatItJudges(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			for _, obj := range e.objects {
				object, declared := obj.DeepCopyObject(), e.baseline.DeepCopy()
				e.run(t, obj)
				if diff := cmp.Diff(object, obj); diff != "" {
					t.Errorf("the object (-before +after):\n%s", diff)
				}
				if diff := cmp.Diff(declared, &e.baseline); diff != "" {
					t.Errorf("the baseline (-before +after):\n%s", diff)
				}
			}
		})
	}
}

// Nearly every object that is judged is clean, each is judged by every check, and a change of a baseline judges all.
func TestACleanObjectCostsNoAllocation(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			for _, obj := range e.objects {
				if !e.declared() || len(e.run(t, obj)) > 0 {
					continue
				}
				in := e.input(t, obj)
				if allocations := testing.AllocsPerRun(100, func() { e.check.Run(in) }); allocations != 0 {
					t.Errorf("%s costs %v allocations", in.Workload, allocations)
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

func (e *example) input(t *testing.T, obj runtime.Object) *engine.Input {
	t.Helper()
	w, ok := workload.Of(obj)
	if !ok {
		t.Fatalf("%T is not judged", obj)
	}
	account := e.accounts[types.NamespacedName{Namespace: w.Namespace, Name: w.ServiceAccount()}]
	return &engine.Input{Workload: w, Baseline: e.baseline.Name, Declared: &e.baseline.Spec, Reading: e.reading, ServiceAccount: account}
}

func (e *example) run(t *testing.T, obj runtime.Object) []engine.Finding {
	t.Helper()
	result := engine.Evaluate([]engine.Check{e.check}, e.input(t, obj))
	if len(result.NotEvaluated) > 0 {
		t.Fatalf("not evaluated: %v", result.NotEvaluated)
	}
	return result.Findings
}

// judge returns what is found in an object, as .want files hold it.
func (e *example) judge(t *testing.T, obj runtime.Object) string {
	t.Helper()
	findings := e.run(t, obj)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", e.input(t, obj).Workload)
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
		for _, field := range [][2]string{
			{"container", f.Container}, {"path", f.Path}, {"value", f.Value}, {"expected", f.Expected},
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
		if account, ok := obj.(*corev1.ServiceAccount); ok {
			e.know(account)
			continue
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

func (e *example) know(account *corev1.ServiceAccount) {
	if e.accounts == nil {
		e.accounts = map[types.NamespacedName]engine.ServiceAccount{}
	}
	name := types.NamespacedName{Namespace: account.Namespace, Name: account.Name}
	e.accounts[name] = engine.ServiceAccount{Automount: account.AutomountServiceAccountToken}
}

// decode reads an object as the API server does: it drops fields that it does not know, also when only their case is
// wrong.
func decode(document []byte) (runtime.Object, error) {
	data, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, err
	}
	var head runtime.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &head); err != nil {
		return nil, err
	}
	if head.APIVersion == "v1" && head.Kind == "ServiceAccount" {
		account := &corev1.ServiceAccount{}
		return account, kjson.UnmarshalCaseSensitivePreserveInts(data, account)
	}
	kind, watched := workload.KindOf(schema.FromAPIVersionAndKind(head.APIVersion, head.Kind).GroupKind())
	if !watched {
		return nil, fmt.Errorf("%s %s is not judged", head.APIVersion, head.Kind)
	}
	obj := kind.New()
	return obj, kjson.UnmarshalCaseSensitivePreserveInts(data, obj)
}
