package controllers

import (
	"errors"
	"fmt"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

func guard(name string, types ...networkingv1.PolicyType) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: types},
	}
}

func TestWhatWasDeletedExplainsWhatItDenied(t *testing.T) {
	const ingress, egress = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	checks := []engine.Check{
		{ID: "ingress", Loses: "default deny for ingress"}, {ID: "egress", Loses: "default deny for egress"}, {ID: "label"},
	}
	some := guard("some", ingress)
	some.Spec.PodSelector.MatchLabels = map[string]string{"app": "api"}
	unreadable := guard("unreadable", "Sideways")
	shop := namespaceRef("shop")
	gone := errors.New("gone")
	lost := func(policies ...*networkingv1.NetworkPolicy) func(*hints) {
		return func(h *hints) {
			for _, np := range policies {
				h.lost(np)
			}
		}
	}
	for name, test := range map[string]struct {
		happens func(*hints)
		check   string
		want    string
	}{
		"the policy is named":                                   {lost(guard("deny", ingress)), "ingress", "Namespace shop lost default deny for ingress: NetworkPolicy deny was deleted"},
		"of another direction it is not":                        {lost(guard("deny", ingress)), "egress", ""},
		"what has nothing to do with policies is not explained": {lost(guard("deny", ingress)), "label", ""},
		"one for some pods denied nothing by default":           {lost(some), "ingress", ""},
		"one that could not be read neither":                    {lost(unreadable), "ingress", ""},
		"several are named":                                     {lost(guard("a", ingress), guard("b", ingress, egress)), "ingress", "Namespace shop lost default deny for ingress: NetworkPolicies a, b were deleted"},
		"the same twice is named once":                          {lost(guard("a", egress), guard("a", egress)), "egress", "Namespace shop lost default deny for egress: NetworkPolicy a was deleted"},
		"of many the first are named": {
			lost(guard("a", ingress), guard("b", ingress), guard("c", ingress), guard("d", ingress), guard("e", ingress)), "ingress",
			"Namespace shop lost default deny for ingress: NetworkPolicies a, b, c and more were deleted",
		},
		"a namespace that is gone leaves nothing to its successor": {func(h *hints) { h.lost(guard("deny", ingress)); h.forget(shop) }, "ingress", ""},
		"what was judged is told":                                  {func(h *hints) { h.lost(guard("deny", ingress)); h.begin(shop); h.end(shop, nil) }, "ingress", ""},
		"what could not be told is told again":                     {func(h *hints) { h.lost(guard("deny", ingress)); h.begin(shop); h.end(shop, gone) }, "ingress", "Namespace shop lost default deny for ingress: NetworkPolicy deny was deleted"},
		"what is deleted while it is judged is for the next time":  {func(h *hints) { h.begin(shop); h.lost(guard("deny", ingress)); h.end(shop, nil) }, "ingress", "Namespace shop lost default deny for ingress: NetworkPolicy deny was deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHints()
			test.happens(h)
			h.begin(shop)
			outcome := report.Outcome{Report: &v1alpha1.DriftReport{}, Changes: engine.Changes{Opened: []engine.Finding{{Check: test.check}}}}
			outcome.Report.Status.History = []v1alpha1.HistoryEntry{{}}
			h.of(shop).explain(&outcome, shop, checks)
			if got := outcome.Report.Status.History[0].Message; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestHintsAreBounded(t *testing.T) {
	h := newHints()
	for i := range 2 * maxHints {
		np := guard("deny")
		np.Namespace = fmt.Sprint(i)
		h.lost(np)
	}
	if len(h.deleted) != maxHints {
		t.Errorf("%d namespaces wait", len(h.deleted))
	}
}
