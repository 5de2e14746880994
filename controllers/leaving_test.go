package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Helm creates policies before the Deployments whose pods they select, and a Deployment that is replaced is gone for a moment.
func TestAPolicyWhoseWorkloadComesInAMomentIsNoDrift(t *testing.T) {
	s := newStory(t)
	s.declare(func(b *v1alpha1.SecurityBaselineSpec) { b.NetworkPolicies.DanglingPolicies = v1alpha1.RuleForbidden })
	selecting := func(name string) *networkingv1.NetworkPolicy {
		return s.policy(name, networkingv1.NetworkPolicySpec{PodSelector: *app(name)})
	}
	s.create(selecting("api"))
	s.create(selecting("lost"))
	api := s.deployment("api", labelled("api"))
	s.create(api)
	s.expect("NetworkPolicy lost: Drifted 1") // which came after the other, so that this has been judged too
	s.remove(api)
	s.create(selecting("lost-too"))
	s.create(s.deployment("api", labelled("api")))
	s.expect("NetworkPolicy lost-too: Drifted 1", "NetworkPolicy lost: Drifted 1")
	s.Expect(s.events("api")).To(gomega.BeEmpty())
}

func TestANamespaceThatIsGoingAwayHasNoNewDrift(t *testing.T) {
	s := newStory(t)
	deny := s.policy("default-deny", denyIngress())
	s.create(deny)
	s.create(s.deployment("api", labelled("api")))
	s.create(s.deployment("weak", labelled("weak"), hostPID))
	s.declare(requireIsolation)
	s.expect("Deployment weak: Drifted 1")
	summary := func() *v1alpha1.BaselineSummary { return s.getBaseline().Status.Summary }
	s.Eventually(func() int32 { return summary().Objects }).Should(gomega.BeEquivalentTo(2))
	s.Expect(admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}})).To(gomega.Succeed())
	s.Eventually(func() int32 { return summary().Objects }).Should(gomega.BeEquivalentTo(1), "what has no report is forgotten")
	s.remove(deny)
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment weak: Drifted 1"}), "what is known stays")
	report := s.only()
	s.remove(&report)
	s.Eventually(func() int32 { return summary().Objects }).Should(gomega.BeZero())
	s.Expect(summary().Drifted).To(gomega.BeZero())
	s.Expect(s.condition("Compliant").Status).To(gomega.Equal(metav1.ConditionTrue))
}
