package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A policy of Kyverno is declared like any object: it is in no cache, and is watched once a baseline declares one.
func TestAPolicyOfAnotherEngineIsHeldAgainstHowItIsDeclared(t *testing.T) {
	s := newStory(t)
	keep := true
	definition := &apiextensionsv1.CustomResourceDefinition{}
	definition.Name = "policies.kyverno.io"
	definition.Spec = apiextensionsv1.CustomResourceDefinitionSpec{
		Group: "kyverno.io", Scope: apiextensionsv1.NamespaceScoped,
		Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "policies", Singular: "policy", Kind: "Policy", ListKind: "PolicyList"},
		Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
			Name: "v1", Served: true, Storage: true,
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
				Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": {Type: "object", XPreserveUnknownFields: &keep}},
			}},
		}},
	}
	s.createDefinition(definition)
	policy := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kyverno.io/v1", "kind": "Policy",
		"metadata": map[string]any{"namespace": s.namespace, "name": "no-host-paths"},
		"spec":     map[string]any{"validationFailureAction": "Enforce"},
	}}
	s.declare(s.declaring(policy))
	s.expect("Policy no-host-paths: Drifted 1")
	s.Eventually(func() error { return admin.Create(t.Context(), policy) }).Should(gomega.Succeed())
	s.expect("Policy no-host-paths: Resolved 0")
	s.change(policy, "kubectl-edit", func() {
		s.Expect(unstructured.SetNestedField(policy.Object, "Audit", "spec", "validationFailureAction")).To(gomega.Succeed())
	})
	s.expect("Policy no-host-paths: Drifted 1")
	s.remove(policy)
	s.expect("Policy no-host-paths: Drifted 1")
}
