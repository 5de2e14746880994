package facts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/config/crd"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// watched returns the kinds of all objects that are judged, sorted by their names.
func watched() []schema.GroupKind {
	var kinds []schema.GroupKind
	for _, kind := range workload.Kinds() {
		kinds = append(kinds, kind.GroupKind())
	}
	for _, obj := range facts.KindsOf(workload.Any) {
		ref, _ := facts.RefOf(obj)
		kinds = append(kinds, ref.GroupKind())
	}
	return sorted(kinds)
}

func sorted(kinds []schema.GroupKind) []schema.GroupKind {
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return strings.Compare(a.Kind, b.Kind) })
	return kinds
}

func namesOf(kinds []schema.GroupKind, more ...string) []string {
	for _, kind := range kinds {
		more = append(more, kind.Kind)
	}
	slices.Sort(more)
	return more
}

// enum returns the values that the definition of SecurityBaselines allows in the items of a list of the spec, sorted.
func enum(t *testing.T, path ...string) []string {
	t.Helper()
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(crd.SecurityBaseline, &definition); err != nil {
		t.Fatal(err)
	}
	props := definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	for _, name := range path {
		if props.Items != nil {
			props = *props.Items.Schema
		}
		props = props.Properties[name]
	}
	if props.Items == nil {
		t.Fatalf("spec.%s is no list", strings.Join(path, "."))
	}
	var values []string
	for _, value := range props.Items.Schema.Enum {
		values = append(values, strings.Trim(string(value.Raw), `"`))
	}
	slices.Sort(values)
	return values
}

func TestAScopeMayNameEveryKindThatIsJudged(t *testing.T) {
	want := namesOf(watched(), rbacv1.UserKind, rbacv1.GroupKind)
	if diff := cmp.Diff(want, enum(t, "scope", "kinds")); diff != "" {
		t.Errorf("(-judged +enum of JudgedKind):\n%s", diff)
	}
	for _, name := range want {
		if workload.ClassNamed(name) == 0 {
			t.Errorf("%s is of no class", name)
		}
	}
}

func TestAnInventoryMayCloseTheListOfEveryKindThatIsWatched(t *testing.T) {
	if diff := cmp.Diff(namesOf(watched()), enum(t, "inventory", "kinds")); diff != "" {
		t.Errorf("(-watched +enum of InventoryKind):\n%s", diff)
	}
}

func TestEveryKindOfKubernetesThatCanBeDeclaredIsWatched(t *testing.T) {
	var declarable []schema.GroupKind
	for _, gvk := range pinned.Kinds() {
		declarable = append(declarable, gvk.GroupKind())
	}
	if diff := cmp.Diff(watched(), sorted(declarable)); diff != "" {
		t.Errorf("(-watched +declarable):\n%s", diff)
	}
}

// A kind of a class that nobody watches would be taken for one that somebody does.
func TestNoOtherKindOfKubernetesHasAClass(t *testing.T) {
	kinds := watched()
	for gvk := range scheme.Scheme.AllKnownTypes() {
		class, is := workload.ClassOf(gvk.GroupKind())
		if is != slices.Contains(kinds, gvk.GroupKind()) {
			t.Errorf("%s: of class %d, and watched: %t", gvk.GroupKind(), class, !is)
		}
	}
}
