package guardrail_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/guardrail"
)

func TestWeaknesses(t *testing.T) {
	ignore, fail := admissionregistrationv1.Ignore, admissionregistrationv1.Fail
	prod := &metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
	namespaces := []guardrail.Namespace{{Name: "shop", Labels: map[string]string{"env": "prod"}}, {Name: "blog"}}
	hook := func(policy *admissionregistrationv1.FailurePolicyType, selector *metav1.LabelSelector) *admissionregistrationv1.ValidatingWebhookConfiguration {
		return &admissionregistrationv1.ValidatingWebhookConfiguration{Webhooks: []admissionregistrationv1.ValidatingWebhook{
			{Name: "check.example.com", FailurePolicy: policy, NamespaceSelector: selector},
		}}
	}
	binding := func(actions ...admissionregistrationv1.ValidationAction) *admissionregistrationv1.ValidatingAdmissionPolicyBinding {
		return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
			Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{ValidationActions: actions},
		}
	}
	match := func(selector *metav1.LabelSelector) *admissionregistrationv1.MatchResources {
		return &admissionregistrationv1.MatchResources{NamespaceSelector: selector}
	}
	for name, test := range map[string]struct {
		obj  runtime.Object
		want []guardrail.Weakness
	}{
		"a webhook that fails closed has none":           {obj: hook(&fail, nil)},
		"unset, it fails closed":                         {obj: hook(nil, nil)},
		"one that is ignored when it cannot be asked":    {hook(&ignore, nil), []guardrail.Weakness{{Path: "webhooks[check.example.com].failurePolicy", Value: "Ignore"}}},
		"one that leaves a namespace out":                {hook(nil, prod), []guardrail.Weakness{{Path: "webhooks[check.example.com].namespaceSelector", Value: "blog", Namespace: "blog"}}},
		"an empty selector leaves none out":              {obj: hook(nil, &metav1.LabelSelector{})},
		"a binding that denies has none":                 {obj: binding(admissionregistrationv1.Audit, admissionregistrationv1.Deny)},
		"one that only warns":                            {binding(admissionregistrationv1.Warn), []guardrail.Weakness{{Path: "spec.validationActions", Value: "no Deny"}}},
		"a policy whose errors are ignored":              {&admissionregistrationv1.ValidatingAdmissionPolicy{Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{FailurePolicy: &ignore}}, []guardrail.Weakness{{Path: "spec.failurePolicy", Value: "Ignore"}}},
		"a mutating webhook is a guardrail like another": {&admissionregistrationv1.MutatingWebhookConfiguration{Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "m", FailurePolicy: &ignore}}}, []guardrail.Weakness{{Path: "webhooks[m].failurePolicy", Value: "Ignore"}}},
		"a mutating policy whose errors are ignored":     {&admissionregistrationv1.MutatingAdmissionPolicy{Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{FailurePolicy: &ignore}}, []guardrail.Weakness{{Path: "spec.failurePolicy", Value: "Ignore"}}},
		"a validating policy that leaves a namespace out": {
			&admissionregistrationv1.ValidatingAdmissionPolicy{Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{MatchConstraints: match(prod)}},
			[]guardrail.Weakness{{Path: "spec.matchConstraints.namespaceSelector", Value: "blog", Namespace: "blog"}},
		},
		"a mutating policy that leaves a namespace out": {
			&admissionregistrationv1.MutatingAdmissionPolicy{Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{MatchConstraints: match(prod)}},
			[]guardrail.Weakness{{Path: "spec.matchConstraints.namespaceSelector", Value: "blog", Namespace: "blog"}},
		},
		"a binding that leaves a namespace out": {
			&admissionregistrationv1.ValidatingAdmissionPolicyBinding{Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
				ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}, MatchResources: match(prod),
			}},
			[]guardrail.Weakness{{Path: "spec.matchResources.namespaceSelector", Value: "blog", Namespace: "blog"}},
		},
		"a binding of a mutating policy that leaves a namespace out": {
			&admissionregistrationv1.MutatingAdmissionPolicyBinding{Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{MatchResources: match(prod)}},
			[]guardrail.Weakness{{Path: "spec.matchResources.namespaceSelector", Value: "blog", Namespace: "blog"}},
		},
		"a binding of a mutating policy denies nothing, and is not weak for that": {obj: &admissionregistrationv1.MutatingAdmissionPolicyBinding{}},
		"a mutating policy for all has none":                                      {obj: &admissionregistrationv1.MutatingAdmissionPolicy{Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{FailurePolicy: &fail, MatchConstraints: match(&metav1.LabelSelector{})}}},
		"another object has none":                                                 {obj: &metav1.PartialObjectMetadata{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, guardrail.Weaknesses(test.obj, namespaces)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGainedIsWhatWasNotThereBefore(t *testing.T) {
	one, two := guardrail.Weakness{Path: "a", Value: "Ignore"}, guardrail.Weakness{Path: "b", Value: "Ignore"}
	if diff := cmp.Diff([]guardrail.Weakness{two}, guardrail.Gained([]guardrail.Weakness{one}, []guardrail.Weakness{one, two})); diff != "" {
		t.Error(diff)
	}
	if gained := guardrail.Gained([]guardrail.Weakness{one, two}, []guardrail.Weakness{two}); gained != nil {
		t.Errorf("gained %v", gained)
	}
}
