package pinned_test

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

const rounds = 15

// everyKind runs a test with random objects of each kind.
func everyKind(t *testing.T, test func(t *testing.T, g *generator, gvk schema.GroupVersionKind)) {
	t.Helper()
	for _, gvk := range pinned.Kinds() {
		t.Run(gvk.Kind, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(rounds) {
				test(t, newGenerator(seed), gvk)
			}
		})
	}
}

func TestAnObjectIsAsItDeclaresItself(t *testing.T) {
	everyKind(t, func(t *testing.T, g *generator, gvk schema.GroupVersionKind) {
		declared := random(t, g, gvk)
		for _, match := range []pinned.Match{pinned.Exact, pinned.Contains} {
			pin := compileObject(t, declared, pinned.Options{Match: match, ReportTightening: true})
			live := declared.DeepCopyObject()
			same(t, pin, live, "as declared")
			g.shuffle(reflect.ValueOf(live), "")
			same(t, pin, live, "in another order")
			setDefaults(live)
			same(t, pin, live, "with defaults")
			trim(live)
			same(t, pin, live, "trimmed")
		}
	})
}

// What a cache holds of an object is as good to declare as the object, and the other way round.
func TestAnObjectMayBeDeclaredAsTheServerHoldsIt(t *testing.T) {
	everyKind(t, func(t *testing.T, g *generator, gvk schema.GroupVersionKind) {
		live := random(t, g, gvk)
		written := live.DeepCopyObject()
		setDefaults(live)
		trim(live)
		same(t, compileObject(t, live, pinned.Options{ReportTightening: true}), written, "as written")
	})
}

func TestDifferencesAreSortedAndToldApart(t *testing.T) {
	everyKind(t, func(t *testing.T, g *generator, gvk schema.GroupVersionKind) {
		declared, live := random(t, g, gvk), random(t, g, gvk)
		pin := compileObject(t, declared, pinned.Options{ReportTightening: true})
		before := live.DeepCopyObject()
		found := pin.Differences(live)
		if !reflect.DeepEqual(before, live) {
			t.Fatal("comparing changed the object")
		}
		if again := pin.Differences(live); !slices.Equal(found, again) {
			t.Fatalf("the second time it is\n%+v, and was\n%+v", again, found)
		}
		trimmed := live.DeepCopyObject()
		trim(trimmed)
		if again := pin.Differences(trimmed); !slices.Equal(found, again) {
			t.Fatalf("trimmed it is\n%+v, and was\n%+v", again, found)
		}
		if len(found) > pinned.MaxDifferences {
			found = found[:pinned.MaxDifferences]
		}
		for i := 1; i < len(found); i++ {
			a, b := found[i-1], found[i]
			if cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Value, b.Value)) >= 0 {
				t.Fatalf("%+v stands before %+v", a, b)
			}
		}
	})
}

func random(t *testing.T, g *generator, gvk schema.GroupVersionKind) runtime.Object {
	t.Helper()
	obj, err := g.object(gvk)
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func compileObject(t *testing.T, obj runtime.Object, o pinned.Options) *pinned.Pin {
	t.Helper()
	data, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := pinned.Compile(data, o)
	if err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return pin
}

func same(t *testing.T, pin *pinned.Pin, live runtime.Object, how string) {
	t.Helper()
	if found := pin.Differences(live); found != nil {
		text, err := yaml.Marshal(live)
		if err != nil {
			t.Fatal(err)
		}
		t.Fatalf("%s (%s) it has %+v:\n%s", how, pin.Match, found, text)
	}
}

// trim does what caches do.
func trim(obj runtime.Object) {
	workload.Trim(obj)
	rbac.Trim(obj)
	if policy, ok := obj.(*networkingv1.NetworkPolicy); ok {
		network.Trim(policy)
	}
}

func FuzzCompile(f *testing.F) {
	for _, text := range []string{
		deployment(security("privileged: true")), podOf(onlyAnon), role("[" + getPods + "]"), roleBinding(toReader, "["+someone+"]"),
		ingress("{from: [" + block("10.0.0.0/8") + "], ports: [{port: 80}]}"), webhooks("Validating", "rules: ["+podRule+"]"),
		admissionPolicy("ValidatingAdmissionPolicy", "validations: [{expression: a}]"),
		"{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: a}, spec: {rules: [{name: b, x: [[1]]}]}}",
	} {
		f.Add(asJSON(f, text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, match := range []pinned.Match{pinned.Exact, pinned.Contains} {
			pin, err := pinned.Compile(data, pinned.Options{Match: match, ReportTightening: true})
			if err != nil {
				if err.Error() == "" {
					t.Error("an error says nothing")
				}
				continue
			}
			if pin.Ref.Name == "" || pin.Ref.Kind == "" {
				t.Errorf("a pin names nothing: %+v", pin.Ref)
			}
			live, err := scheme.New(schema.FromAPIVersionAndKind(pin.APIVersion, pin.Ref.Kind))
			if err != nil {
				continue
			}
			if err := json.Unmarshal(data, live); err != nil {
				continue
			}
			if found := pin.Differences(live); found != nil {
				t.Errorf("as declared it has %+v", found)
			}
		}
	})
}
