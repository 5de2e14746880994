package guardrail

import (
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// maxNamed is how many of a list are named.
const maxNamed = 3

// Enforced says what a guardrail does, such as "it validated pods on CREATE, UPDATE": what is lost when it goes. It is empty for
// what is no guardrail.
func Enforced(obj runtime.Object) string {
	switch o := obj.(type) {
	case *admissionregistrationv1.ValidatingAdmissionPolicy:
		return "it validated " + matched(o.Spec.MatchConstraints)
	case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
		return "it enforced ValidatingAdmissionPolicy " + o.Spec.PolicyName + " by " + few(o.Spec.ValidationActions, ", ")
	case *admissionregistrationv1.MutatingAdmissionPolicy:
		return "it mutated " + matched(o.Spec.MatchConstraints)
	case *admissionregistrationv1.MutatingAdmissionPolicyBinding:
		return "it applied MutatingAdmissionPolicy " + o.Spec.PolicyName
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		var asked []string
		for i := range o.Webhooks {
			asked = append(asked, o.Webhooks[i].Name+" about "+requests(o.Webhooks[i].Rules))
		}
		return "it asked " + few(asked, "; ")
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		var asked []string
		for i := range o.Webhooks {
			asked = append(asked, o.Webhooks[i].Name+" about "+requests(o.Webhooks[i].Rules))
		}
		return "it asked " + few(asked, "; ")
	}
	return ""
}

// matched says which requests a policy matches.
func matched(match *admissionregistrationv1.MatchResources) string {
	if match == nil {
		return "nothing"
	}
	rules := make([]admissionregistrationv1.RuleWithOperations, len(match.ResourceRules))
	for i := range match.ResourceRules {
		rules[i] = match.ResourceRules[i].RuleWithOperations
	}
	return requests(rules)
}

// requests says which requests rules match.
func requests(rules []admissionregistrationv1.RuleWithOperations) string {
	words := make([]string, len(rules))
	for i := range rules {
		words[i] = few(resources(&rules[i].Rule), ", ") + " on " + few(rules[i].Operations, ", ")
	}
	return few(words, "; ")
}

// resources returns the first resources of a rule with their groups, such as deployments.apps, and one more than few names: each
// group goes with each resource, which may be very many.
func resources(rule *admissionregistrationv1.Rule) []string {
	var names []string
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			if len(names) > maxNamed {
				return names
			}
			names = append(names, strings.TrimSuffix(resource+"."+group, "."))
		}
	}
	return names
}

// few names the first of a list, and says that there are more.
func few[T ~string](list []T, between string) string {
	if len(list) == 0 {
		return "nothing"
	}
	var names []string
	for _, one := range list[:min(len(list), maxNamed)] {
		names = append(names, string(one))
	}
	if len(list) > maxNamed {
		names = append(names, "more")
	}
	return strings.Join(names, between)
}
