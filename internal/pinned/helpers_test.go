package pinned_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/pinned"
)

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionv1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme,
		rbacv1.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}()

// story holds a live object against a declared one. Each difference reads "path: value", with ~ before it where it only
// makes the object stricter; container and words are tested elsewhere.
type story struct {
	name     string
	declared string
	live     string
	match    pinned.Match
	want     []string
}

func run(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			pin := compile(t, s.declared, pinned.Options{Match: s.match, ReportTightening: true})
			got := inWords(pin.Differences(object(t, s.live)))
			if !slices.Equal(got, s.want) {
				t.Errorf("got  %q,\nwant %q", got, s.want)
			}
			if again := inWords(pin.Differences(loose(t, s.live))); !slices.Equal(again, got) {
				t.Errorf("untyped it has %q,\ntyped %q", again, got)
			}
			loosening := slices.DeleteFunc(slices.Clone(s.want), func(d string) bool { return d[0] == '~' })
			only := compile(t, s.declared, pinned.Options{Match: s.match})
			if got := inWords(only.Differences(object(t, s.live))); !slices.Equal(got, loosening) {
				t.Errorf("without tightening: got %q,\nwant %q", got, loosening)
			}
			if back := pin.Differences(object(t, s.declared)); len(back) > 0 {
				t.Errorf("as declared it has differences: %+v", back)
			}
		})
	}
}

func inWords(found []pinned.Difference) []string {
	var words []string
	for _, d := range found {
		word := d.Path + ": " + d.Value
		if !d.Loosening {
			word = "~" + word
		}
		words = append(words, word)
	}
	return words
}

func compile(t testing.TB, text string, o pinned.Options) *pinned.Pin {
	t.Helper()
	pin, err := pinned.Compile(asJSON(t, text), o)
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

func asJSON(t testing.TB, text string) []byte {
	t.Helper()
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return data
}

func loose(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(asJSON(t, text)); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return u
}

// object returns an object as its Go type, where it has one.
func object(t testing.TB, text string) runtime.Object {
	t.Helper()
	u := loose(t, text)
	obj, err := scheme.New(u.GroupVersionKind())
	if err != nil {
		return u
	}
	if err := yaml.UnmarshalStrict([]byte(text), obj); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return obj
}
