package guardrail_test

import (
	"slices"
	"strconv"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/guardrail"
)

func rule(operations []admissionregistrationv1.OperationType, groups, resources []string) admissionregistrationv1.RuleWithOperations {
	return admissionregistrationv1.RuleWithOperations{
		Operations: operations, Rule: admissionregistrationv1.Rule{APIGroups: groups, APIVersions: []string{"v1"}, Resources: resources},
	}
}

func matches(rules ...admissionregistrationv1.RuleWithOperations) *admissionregistrationv1.MatchResources {
	match := &admissionregistrationv1.MatchResources{}
	for _, one := range rules {
		match.ResourceRules = append(match.ResourceRules, admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: one})
	}
	return match
}

func TestWhatAGuardrailEnforced(t *testing.T) {
	create := []admissionregistrationv1.OperationType{admissionregistrationv1.Create}
	both := append(slices.Clone(create), admissionregistrationv1.Update)
	pods, deployments := rule(both, []string{""}, []string{"pods"}), rule(create, []string{"apps"}, []string{"deployments", "daemonsets"})
	for want, obj := range map[string]runtime.Object{
		"it validated pods on CREATE, UPDATE; deployments.apps, daemonsets.apps on CREATE": &admissionregistrationv1.ValidatingAdmissionPolicy{
			Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{MatchConstraints: matches(pods, deployments)},
		},
		"it validated nothing": &admissionregistrationv1.ValidatingAdmissionPolicy{},
		"it enforced ValidatingAdmissionPolicy no-root by Deny, Audit": &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
			Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: "no-root", ValidationActions: []admissionregistrationv1.ValidationAction{
				admissionregistrationv1.Deny, admissionregistrationv1.Audit,
			}},
		},
		"it mutated pods on CREATE, UPDATE": &admissionregistrationv1.MutatingAdmissionPolicy{
			Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{MatchConstraints: matches(pods)},
		},
		"it applied MutatingAdmissionPolicy drop-all": &admissionregistrationv1.MutatingAdmissionPolicyBinding{
			Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: "drop-all"},
		},
		"it asked a.example.com about pods on CREATE, UPDATE; b.example.com about nothing": &admissionregistrationv1.ValidatingWebhookConfiguration{
			Webhooks: []admissionregistrationv1.ValidatingWebhook{
				{Name: "a.example.com", Rules: []admissionregistrationv1.RuleWithOperations{pods}}, {Name: "b.example.com"},
			},
		},
		"it asked a.example.com about pods on CREATE, UPDATE": &admissionregistrationv1.MutatingWebhookConfiguration{
			Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "a.example.com", Rules: []admissionregistrationv1.RuleWithOperations{pods}}},
		},
		"": &metav1.PartialObjectMetadata{},
	} {
		if got := guardrail.Enforced(obj); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Each of the groups goes with each of the resources: of 10,000 of both there are 100,000,000.
func TestOfMuchThatWasEnforcedTheFirstIsNamed(t *testing.T) {
	var many []string
	for i := range 10_000 {
		many = append(many, "n"+strconv.Itoa(i))
	}
	everything := rule([]admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll}, many, many)
	obj := &admissionregistrationv1.MutatingAdmissionPolicy{
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{MatchConstraints: matches(everything, everything, everything, everything)},
	}
	const one = "n0.n0, n1.n0, n2.n0, more on *"
	if want, got := "it mutated "+one+"; "+one+"; "+one+"; more", guardrail.Enforced(obj); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
