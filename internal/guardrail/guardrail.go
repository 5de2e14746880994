// Package guardrail knows what of an admission policy or an admission webhook keeps drift out of a cluster, and where it does
// not. It is pure.
package guardrail

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// Weakness is one place at which a guardrail lets through what it could stop. Many are meant: that one came to be is what
// matters.
type Weakness struct {
	// Path is the field, with webhooks by their names.
	Path string
	// Value tells the weakness from others at the path: Ignore, no Deny, or the name of a namespace that is left out.
	Value string
	// Namespace is the name of the namespace that is left out; empty for other weaknesses.
	Namespace string
}

// Ignored and NoDeny are the values of weaknesses that leave no namespace out.
const (
	Ignored = "Ignore"
	NoDeny  = "no Deny"
)

// Namespace is what selectors look at of a namespace.
type Namespace struct {
	Name   string
	Labels map[string]string
}

// Weaknesses returns where a guardrail lets things through, in order: its failurePolicy is Ignore, a binding does not deny, or
// a selector leaves one of the namespaces out.
func Weaknesses(obj runtime.Object, namespaces []Namespace) []Weakness {
	var found []Weakness
	switch o := obj.(type) {
	case *admissionregistrationv1.ValidatingAdmissionPolicy:
		found = matching(failing(found, "spec", o.Spec.FailurePolicy), "spec.matchConstraints", o.Spec.MatchConstraints, namespaces)
	case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
		if !slices.Contains(o.Spec.ValidationActions, admissionregistrationv1.Deny) {
			found = append(found, Weakness{Path: "spec.validationActions", Value: NoDeny})
		}
		found = matching(found, "spec.matchResources", o.Spec.MatchResources, namespaces)
	case *admissionregistrationv1.MutatingAdmissionPolicy:
		found = matching(failing(found, "spec", o.Spec.FailurePolicy), "spec.matchConstraints", o.Spec.MatchConstraints, namespaces)
	case *admissionregistrationv1.MutatingAdmissionPolicyBinding:
		found = matching(found, "spec.matchResources", o.Spec.MatchResources, namespaces)
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			found = webhook(found, o.Webhooks[i].Name, o.Webhooks[i].FailurePolicy, o.Webhooks[i].NamespaceSelector, namespaces)
		}
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		for i := range o.Webhooks {
			found = webhook(found, o.Webhooks[i].Name, o.Webhooks[i].FailurePolicy, o.Webhooks[i].NamespaceSelector, namespaces)
		}
	}
	slices.SortFunc(found, func(a, b Weakness) int {
		return strings.Compare(a.Path+"\x00"+a.Value, b.Path+"\x00"+b.Value)
	})
	return slices.Compact(found)
}

func webhook(
	found []Weakness, name string, policy *admissionregistrationv1.FailurePolicyType, selector *metav1.LabelSelector, namespaces []Namespace,
) []Weakness {
	path := "webhooks[" + name + "]"
	return leftOut(failing(found, path, policy), path, selector, namespaces)
}

// failing adds that what cannot be asked is let through. Unset, the policy is Fail.
func failing(found []Weakness, path string, policy *admissionregistrationv1.FailurePolicyType) []Weakness {
	if policy != nil && *policy == admissionregistrationv1.Ignore {
		found = append(found, Weakness{Path: path + ".failurePolicy", Value: Ignored})
	}
	return found
}

// matching adds the namespaces that a policy or its binding leaves out. Unset, it matches every one.
func matching(found []Weakness, path string, match *admissionregistrationv1.MatchResources, namespaces []Namespace) []Weakness {
	if match == nil {
		return found
	}
	return leftOut(found, path, match.NamespaceSelector, namespaces)
}

// leftOut adds the namespaces that a selector leaves out. Unset, it selects every one. One that cannot be read was refused by
// the API server.
func leftOut(found []Weakness, path string, selector *metav1.LabelSelector, namespaces []Namespace) []Weakness {
	if selector == nil {
		return found
	}
	selects, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return found
	}
	for _, namespace := range namespaces {
		if !selects.Matches(labels.Set(namespace.Labels)) {
			found = append(found, Weakness{Path: path + ".namespaceSelector", Value: namespace.Name, Namespace: namespace.Name})
		}
	}
	return found
}

// Gained returns the weaknesses of after that before did not have.
func Gained(before, after []Weakness) []Weakness {
	had := Set(before)
	var gained []Weakness
	for _, weakness := range after {
		if _, before := had[weakness]; !before {
			gained = append(gained, weakness)
		}
	}
	return gained
}

// Set makes a set of weaknesses, of which a guardrail may have one for every namespace of the cluster.
func Set(weaknesses []Weakness) map[Weakness]struct{} {
	set := make(map[Weakness]struct{}, len(weaknesses))
	for _, weakness := range weaknesses {
		set[weakness] = struct{}{}
	}
	return set
}
