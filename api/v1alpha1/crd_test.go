package v1alpha1_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func readCRD(t *testing.T, plural string) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(crdDir, "plumbline.dev_"+plural+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(data, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

// schemaOf is the schema of the one version of a kind.
func schemaOf(t *testing.T, plural string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	versions := readCRD(t, plural).Spec.Versions
	if len(versions) != 1 {
		t.Fatalf("%d versions, want one", len(versions))
	}
	return *versions[0].Schema.OpenAPIV3Schema
}

// What has no bound lets one object fill the API server's memory, and makes CEL rules on it too expensive to admit.
//
// Exempt are apiVersion and kind of the object itself, which the API server compares with what it serves, and what is
// inside a metav1.LabelSelector: the type belongs to Kubernetes, which declares no bounds for it. What is in a
// metav1.Condition is not exempt, because Kubernetes declares those.
func TestEveryFieldIsBounded(t *testing.T) {
	for _, plural := range []string{"securitybaselines", "driftreports"} {
		t.Run(plural, func(t *testing.T) {
			schema := schemaOf(t, plural)
			delete(schema.Properties, "apiVersion")
			delete(schema.Properties, "kind")
			walkSchema("", schema, func(path string, s apiextensionsv1.JSONSchemaProps) bool {
				if isLabelSelector(s) {
					return false
				}
				for _, missing := range unbounded(s) {
					t.Errorf("%s (%s) has no %s", path, s.Type, missing)
				}
				return true
			})
		})
	}
}

func TestEveryRuleHasAMessage(t *testing.T) {
	for _, plural := range []string{"securitybaselines", "driftreports"} {
		walkSchema("", schemaOf(t, plural), func(path string, s apiextensionsv1.JSONSchemaProps) bool {
			for _, rule := range s.XValidations {
				if rule.Message == "" && rule.MessageExpression == "" {
					t.Errorf("%s: %s: rule %s has no message", plural, path, rule.Rule)
				}
			}
			return true
		})
	}
}

// kubectl apply keeps a copy of what it applies in an annotation, and all annotations of an object together have at most
// 256 KiB. Half of that leaves room to grow.
func TestEveryDefinitionIsSmallEnoughForKubectlApply(t *testing.T) {
	const limit = 128 << 10
	for _, plural := range []string{"securitybaselines", "driftreports"} {
		data, err := json.Marshal(readCRD(t, plural))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > limit {
			t.Errorf("%s has %d bytes, more than %d", plural, len(data), limit)
		}
	}
}

// What Kubernetes lets pods say, a baseline must be able to allow.
func TestEveryValueThatPodsMayHaveCanBeDeclared(t *testing.T) {
	var volumes []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[corev1.VolumeSource]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		volumes = append(volumes, name)
	}
	want := map[string][]string{
		".spec.workloads.volumes.allowedTypes[]": volumes,
		".spec.workloads.procMount.allowed[]":    {string(corev1.DefaultProcMount), string(corev1.UnmaskedProcMount)},
		".spec.workloads.supplementalGroupsPolicy.allowed[]": {
			string(corev1.SupplementalGroupsPolicyStrict), string(corev1.SupplementalGroupsPolicyMerge),
		},
		".spec.workloads.seccompProfile.allowed[].type": {
			string(corev1.SeccompProfileTypeRuntimeDefault), string(corev1.SeccompProfileTypeLocalhost), string(corev1.SeccompProfileTypeUnconfined),
		},
		".spec.workloads.appArmorProfile.allowed[].type": {
			string(corev1.AppArmorProfileTypeRuntimeDefault), string(corev1.AppArmorProfileTypeLocalhost), string(corev1.AppArmorProfileTypeUnconfined),
		},
	}
	got := map[string][]string{}
	walkSchema("", schemaOf(t, "securitybaselines"), func(path string, s apiextensionsv1.JSONSchemaProps) bool {
		if want[path] != nil {
			for _, value := range s.Enum {
				got[path] = append(got[path], strings.Trim(string(value.Raw), `"`))
			}
		}
		return true
	})
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("(-Kubernetes +schema):\n%s", diff)
	}
}

func TestTheBoundsTestSeesWhatIsMissing(t *testing.T) {
	for missing, s := range map[string]apiextensionsv1.JSONSchemaProps{
		"maxLength, enum or format": {Type: "string"},
		"maxItems":                  {Type: "array", XListType: ptr("atomic")},
		"x-kubernetes-list-type":    {Type: "array", MaxItems: ptr(int64(1))},
		"x-kubernetes-list-map-keys": {
			Type: "array", MaxItems: ptr(int64(1)), XListType: ptr("map"),
		},
		"maxProperties": {
			Type:                 "object",
			AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &apiextensionsv1.JSONSchemaProps{}},
		},
	} {
		if got := unbounded(s); !slices.Equal(got, []string{missing}) {
			t.Errorf("got %q, want %q", got, missing)
		}
	}
}

// unbounded says what the schema of a field lacks.
func unbounded(s apiextensionsv1.JSONSchemaProps) []string {
	var missing []string
	lacks := func(yes bool, what string) {
		if yes {
			missing = append(missing, what)
		}
	}
	lacks(s.Type == "string" && s.MaxLength == nil && s.Enum == nil && s.Format == "", "maxLength, enum or format")
	lacks(s.Type == "array" && s.MaxItems == nil, "maxItems")
	lacks(s.Type == "array" && s.XListType == nil, "x-kubernetes-list-type")
	lacks(s.XListType != nil && *s.XListType == "map" && len(s.XListMapKeys) == 0, "x-kubernetes-list-map-keys")
	lacks(s.AdditionalProperties != nil && s.MaxProperties == nil, "maxProperties")
	return missing
}

func isLabelSelector(s apiextensionsv1.JSONSchemaProps) bool {
	_, labels := s.Properties["matchLabels"]
	_, expressions := s.Properties["matchExpressions"]
	return labels && expressions && len(s.Properties) == 2
}

// walkSchema visits the schema and what is below it, in which an item of a list is called [] and a value of a map {}.
// It does not go below what visit returns false for.
func walkSchema(path string, s apiextensionsv1.JSONSchemaProps, visit func(string, apiextensionsv1.JSONSchemaProps) bool) {
	if !visit(path, s) {
		return
	}
	for name, property := range s.Properties {
		walkSchema(path+"."+name, property, visit)
	}
	if s.Items != nil && s.Items.Schema != nil {
		walkSchema(path+"[]", *s.Items.Schema, visit)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		walkSchema(path+"{}", *s.AdditionalProperties.Schema, visit)
	}
}

func ptr[T any](v T) *T { return &v }
