package v1alpha1_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// One object that the API server accepts and the Go types cannot hold stops a whole list from being read, and with it
// the operator. Anybody who may write one object could do that. So: whatever is accepted can be read, and written back.

// nasty are values to try in every field. All the times among them pass the format date-time, and so does a list.
var nasty = []any{
	nil, true, "", "x", "1 week", "99999999999999999999h", int64(-1), int64(1 << 31), 1.5, 1e19,
	[]any{}, []any{nil}, []any{"x"}, map[string]any{}, map[string]any{"x": "y"},
	"2026-11-21t09:00:00z", "2026-11-21T09:00:00ZTrest", "2026-11-21T09:00:00+99:99", "0001-01-01T00:00:00Z",
	"2026-11-21T09:00:00.999999999+01:00", "9999-12-31T23:59:59-23:59",
}

func TestEveryDriftReportThatIsAcceptedCanBeReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	c := lenientClient(t)
	full := readObject(t, "testdata/full-driftreport.yaml")
	tryEverywhere(t, full, []string{"spec", "status"}, func(obj *unstructured.Unstructured) bool {
		return createAndWriteBack(t, c, obj, &v1alpha1.DriftReport{})
	})
}

func TestEverySecurityBaselineThatIsAcceptedCanBeReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	c := lenientClient(t)
	full := readObject(t, "testdata/full-securitybaseline.yaml")
	full.SetName("full-spec")
	tryEverywhere(t, full, []string{"spec"}, func(obj *unstructured.Unstructured) bool {
		return createAndWriteBack(t, c, obj, &v1alpha1.SecurityBaseline{})
	})
}

func TestEveryStatusOfASecurityBaselineThatIsAcceptedCanBeReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	c := lenientClient(t)
	full := readObject(t, "testdata/full-securitybaseline.yaml")
	full.SetName("full-status")
	stored := full.DeepCopy()
	create(t, c, stored)
	tryEverywhere(t, full, []string{"status"}, func(obj *unstructured.Unstructured) bool {
		obj.SetResourceVersion(stored.GetResourceVersion())
		if !accepted(t, c.Status().Update(t.Context(), obj)) {
			return false
		}
		got := &v1alpha1.SecurityBaseline{}
		writeBack(t, c, obj, got, func() error { return c.Status().Update(t.Context(), got) })
		stored.SetResourceVersion(got.ResourceVersion)
		return true
	})
}

func TestEveryRetentionThatIsAcceptedCanBeReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	c := lenientClient(t)
	random := rand.New(rand.NewPCG(1, 2))
	count := 0
	for range 400 {
		retention := randomDuration(random)
		obj := baseline(t, "retention", fmt.Sprintf("{reporting: {resolvedRetention: %q}}", retention))
		if createAndWriteBack(t, c, obj, &v1alpha1.SecurityBaseline{}) {
			count++
		}
		if t.Failed() {
			t.Fatalf("with resolvedRetention %q", retention)
		}
	}
	if count < 40 {
		t.Errorf("only %d of 400 were accepted: the test tries nothing", count)
	}
}

// randomDuration is something that looks like a duration, and often is one.
func randomDuration(random *rand.Rand) string {
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	text := pick("", "", "", "", "", "", "", "-", "+", " ")
	for range 1 + random.IntN(3) {
		text += pick("0", "00", "7", "7", "24", "24", "90", "90", "1.5", "8760", "9999", "999999", "99999999", "999999999999", "")
		text += pick("h", "h", "h", "h", "m", "m", "m", "m", "s", "s", "s", "s", "ms", "us", "µs", "ns", "d", "w", "", "H")
	}
	return text
}

// The tests above try the fields that the full objects have. This keeps them full.
func TestTheFullObjectsHaveEveryField(t *testing.T) {
	for plural, file := range map[string]string{
		"securitybaselines": "testdata/full-securitybaseline.yaml", "driftreports": "testdata/full-driftreport.yaml",
	} {
		declared := map[string]bool{}
		walkSchema("", schemaOf(t, plural), func(path string, s apiextensionsv1.JSONSchemaProps) bool {
			declared[path] = true
			return s.AdditionalProperties == nil
		})
		there := map[string]bool{}
		visitNodes(readObject(t, file).Object, nil, func(at []any) { there[pathOf(at)] = true })
		missing := slices.DeleteFunc(slices.Sorted(maps.Keys(declared)), func(path string) bool { return path == "" || there[path] })
		if diff := cmp.Diff([]string(nil), missing, cmp.Transformer("len", func(s []string) string { return strings.Join(s, "\n") })); diff != "" {
			t.Errorf("%s lacks these fields:\n%s", file, diff)
		}
	}
}

// tryEverywhere puts every nasty value at every place below the roots of the object, one at a time, and hands the
// object over. try says whether the API server accepted it.
func tryEverywhere(t *testing.T, full *unstructured.Unstructured, roots []string, try func(*unstructured.Unstructured) bool) {
	if !try(full.DeepCopy()) {
		t.Fatal("the full object itself is refused")
	}
	for _, root := range roots {
		visitNodes(full.Object[root], []any{root}, func(at []any) {
			for _, value := range nasty {
				obj := full.DeepCopy()
				replace(obj.Object, at, value)
				try(obj)
				if t.Failed() {
					t.Fatalf("with %s: %#v", pathOf(at), value)
				}
			}
		})
	}
}

// createAndWriteBack creates the object, reads it into the Go type, writes that, and deletes it. It says whether the
// object was accepted.
func createAndWriteBack(t *testing.T, c client.Client, obj *unstructured.Unstructured, got client.Object) bool {
	t.Helper()
	if !accepted(t, c.Create(t.Context(), obj)) {
		return false
	}
	writeBack(t, c, obj, got, func() error { return c.Update(t.Context(), got) })
	if err := c.Delete(t.Context(), obj); err != nil {
		t.Error(err)
	}
	return true
}

// accepted says whether the API server accepted the object. Any other trouble than a bad object fails the test.
func accepted(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		t.Errorf("neither accepted nor refused: %v", err)
	}
	return err == nil
}

func writeBack(t *testing.T, c client.Client, obj *unstructured.Unstructured, got client.Object, write func() error) {
	t.Helper()
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(obj), got); err != nil {
		t.Errorf("accepted, but cannot be read: %v", err)
		return
	}
	if err := write(); err != nil {
		t.Errorf("accepted and read, but cannot be written back: %v", err)
	}
}

// lenientClient lets unknown fields pass, so that more is accepted.
func lenientClient(t *testing.T) client.Client {
	return client.WithFieldValidation(newClient(t), metav1.FieldValidationIgnore)
}

func readObject(t *testing.T, file string) *unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return object(t, string(data))
}

// visitNodes visits every place in the value: names of fields, and indexes of lists.
func visitNodes(value any, at []any, visit func(at []any)) {
	if len(at) > 0 {
		visit(at)
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			visitNodes(value[name], append(slices.Clone(at), name), visit)
		}
	case []any:
		for i := range value {
			visitNodes(value[i], append(slices.Clone(at), i), visit)
		}
	}
}

// replace puts the value at the place.
func replace(in any, at []any, value any) {
	last := len(at) - 1
	for _, step := range at[:last] {
		switch step := step.(type) {
		case string:
			in = in.(map[string]any)[step]
		case int:
			in = in.([]any)[step]
		}
	}
	switch step := at[last].(type) {
	case string:
		in.(map[string]any)[step] = value
	case int:
		in.([]any)[step] = value
	}
}

func pathOf(at []any) string {
	var path strings.Builder
	for _, step := range at {
		switch step := step.(type) {
		case string:
			path.WriteString("." + step)
		case int:
			path.WriteString("[]")
		}
	}
	return path.String()
}
