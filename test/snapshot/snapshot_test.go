package snapshot_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/snapshot"
	"plumbline.dev/plumbline/internal/snapshot/command"
	"plumbline.dev/plumbline/internal/workload"
)

// take runs the command, and returns what it writes.
func take(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	onServer(t)
	var out, told bytes.Buffer
	cmd := command.NewCommand("test")
	cmd.SetArgs(append([]string{"--kubeconfig", started.Kubeconfig()}, args...))
	cmd.SetOut(&out)
	cmd.SetErr(&told)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), told.String(), err
}

// baselines reads what was written.
func baselines(t *testing.T, text string) []*v1alpha1.SecurityBaseline {
	t.Helper()
	var all []*v1alpha1.SecurityBaseline
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		sb := &v1alpha1.SecurityBaseline{}
		if err := yaml.UnmarshalStrict(document, sb); err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		all = append(all, sb)
	}
}

func TestASnapshotAppliedBackFindsNothing(t *testing.T) {
	for name, args := range map[string][]string{
		"by namespace": {"--all-namespaces"},
		"as one":       {"--all-namespaces", "--split-by", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			text, told, err := take(t, args...)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("SNAPSHOT_OUT") != "" {
				_ = os.WriteFile(os.Getenv("SNAPSHOT_OUT")+strings.ReplaceAll(name, " ", "-")+".yaml", []byte(text), 0o600)
			}
			if told != "" {
				t.Errorf("it told %s", told)
			}
			held := accepted(t, baselines(t, text))
			for _, gvk := range snapshot.DefaultKinds() {
				holdKind(t, held, gvk)
			}
		})
	}
}

// held is a baseline, compiled.
type held struct {
	*baseline.Baseline
	pins   map[workload.Ref]*pinned.Pin
	closed []*pinned.Inventory
}

// accepted has the API server take the baselines, and compiles what it made of them.
func accepted(t *testing.T, all []*v1alpha1.SecurityBaseline) []*held {
	t.Helper()
	c := onServer(t)
	var compiled []*held
	for _, sb := range all {
		if err := c.Create(t.Context(), sb, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict)); err != nil {
			t.Fatalf("the API server refuses %s: %v", sb.Name, err)
		}
		if size := len(asJSON(t, sb)); size > 512<<10 {
			t.Errorf("%s takes %d bytes", sb.Name, size)
		}
		one := &held{baseline.Compile(sb, checks.All()), map[workload.Ref]*pinned.Pin{}, inventories(t, sb)}
		if one.Frozen != "" {
			t.Errorf("%s: %s", sb.Name, one.Frozen)
		}
		for _, declared := range sb.Spec.Declared {
			pin, err := pinned.Compile(declared.Object.Raw, pinned.Options{ReportTightening: true})
			if err != nil {
				t.Fatal(err)
			}
			one.pins[pin.Ref] = pin
		}
		compiled = append(compiled, one)
	}
	return compiled
}

func asJSON(t *testing.T, sb *v1alpha1.SecurityBaseline) []byte {
	t.Helper()
	data, err := json.Marshal(sb)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func inventories(t *testing.T, sb *v1alpha1.SecurityBaseline) []*pinned.Inventory {
	t.Helper()
	var all []*pinned.Inventory
	for _, list := range sb.Spec.Inventory {
		closed := pinned.Closed{}
		for _, kind := range list.Kinds {
			closed.Kinds = append(closed.Kinds, string(kind))
		}
		for _, name := range list.Namespaces.Include {
			closed.Include = append(closed.Include, string(name))
		}
		for _, name := range list.Namespaces.Exclude {
			closed.Exclude = append(closed.Exclude, string(name))
		}
		for _, each := range list.Ignore {
			closed.Ignore = append(closed.Ignore, pinned.Ignore{Name: each.Name, OwnedByController: each.Owned != nil && *each.Owned})
		}
		inventory, err := pinned.CompileInventory(closed)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, inventory)
	}
	return all
}

// reports says what the baselines find on an object, and how many declare it.
func reports(all []*held, ref workload.Ref, live *unstructured.Unstructured) (found []string, pins int) {
	owned := metav1.GetControllerOfNoCopy(live) != nil
	for _, one := range all {
		if pin := one.pins[ref]; pin != nil {
			pins++
			for _, difference := range pin.Differences(live) {
				found = append(found, fmt.Sprintf("%s: %s differs: %+v", one.Name, ref, difference))
			}
			continue
		}
		if one.Covers(ref, live.GetLabels(), baseline.Namespace{}) != baseline.Covered {
			continue
		}
		for _, list := range one.closed {
			if list.Covers(ref, live.GetLabels(), owned) {
				found = append(found, fmt.Sprintf("%s: %s is not declared", one.Name, ref))
			}
		}
	}
	return found, pins
}

// holdKind holds all live objects of a kind against the baselines.
func holdKind(t *testing.T, all []*held, gvk schema.GroupVersionKind) {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk)
	if err := onServer(t).List(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	declared := 0
	for i := range list.Items {
		live := &list.Items[i]
		ref := workload.Ref{Group: gvk.Group, Kind: gvk.Kind, Namespace: live.GetNamespace(), Name: live.GetName()}
		found, pins := reports(all, ref, live)
		for _, each := range found {
			t.Error(each)
		}
		if pins > 1 {
			t.Errorf("%s is declared %d times", ref, pins)
		}
		declared += pins
		foreign := live.DeepCopy()
		foreign.SetName("new-" + live.GetName())
		foreign.SetOwnerReferences(nil)
		ref.Name = foreign.GetName()
		if found, _ := reports(all, ref, foreign); len(found) != 1 {
			t.Errorf("a new %s is reported %d times: %q", ref, len(found), found)
		}
	}
	if declared == 0 {
		t.Errorf("no %s of %d is declared", gvk.Kind, len(list.Items))
	}
}
