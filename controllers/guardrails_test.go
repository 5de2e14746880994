package controllers_test

import (
	"context"
	"testing"

	"github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

func watchGuardrails(s *v1alpha1.SecurityBaselineSpec) { s.Guardrails = v1alpha1.RuleWatch }

// madeUpGuardrailCheck finds what came to be weaker, and what the last report says of it.
func madeUpGuardrailCheck() engine.Check {
	return engine.Check{
		ID: "made-up-guardrail", Severity: v1alpha1.SeverityHigh, Remediation: "Put it back.", Judges: workload.Guardrails,
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Guardrails != "" },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			known := map[string]bool{}
			for _, f := range in.Last {
				known[f.Path+f.Value] = true
			}
			for _, gained := range in.Guardrail.Gained {
				known[gained.Path+gained.Value] = true
			}
			for _, weak := range in.Guardrail.Weak {
				if known[weak.Path+weak.Value] && (weak.Namespace == "" || in.InScope(weak.Namespace)) {
					findings = append(findings, engine.Finding{Path: weak.Path, Value: weak.Value, Message: "It came to be weaker."})
				}
			}
			return findings
		},
	}
}

// webhook is a webhook configuration that never matches anything.
func (s *story) webhook() *admissionregistrationv1.ValidatingWebhookConfiguration {
	none, url := admissionregistrationv1.SideEffectClassNone, "https://127.0.0.1:1/"
	fail := admissionregistrationv1.Fail
	hook := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "check.example.com", SideEffects: &none, AdmissionReviewVersions: []string{"v1"}, FailurePolicy: &fail,
			ClientConfig:      admissionregistrationv1.WebhookClientConfig{URL: &url},
			NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "unchecked", Operator: "DoesNotExist"}}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{"nothing.example.com"}, APIVersions: []string{"v1"}, Resources: []string{"nothings"}},
			}},
		}},
	}
	s.create(hook)
	s.Cleanup(func() { s.Expect(client.IgnoreNotFound(admin.Delete(context.Background(), hook))).To(gomega.Succeed()) })
	return hook
}

// found returns the values that the report of a guardrail lists, or its state where it lists none.
func (s *story) found(name string) []string {
	var list v1alpha1.DriftReportList
	if err := admin.List(s.Context(), &list, client.InNamespace(operatorNamespace), client.MatchingFields{"spec.target.name": name}); err != nil {
		return []string{err.Error()}
	}
	var values []string
	for _, r := range list.Items {
		if len(r.Status.Findings) == 0 {
			values = append(values, string(r.Status.State))
		}
		for _, f := range r.Status.Findings {
			values = append(values, f.Value)
		}
	}
	return values
}

func TestAGuardrailThatIsWeakenedIsFoundUntilItIsPutBack(t *testing.T) {
	s := newStory(t)
	hook := s.webhook()
	s.declare(watchGuardrails)
	s.Consistently(func() []string { return s.found(hook.Name) }).Should(gomega.BeEmpty())
	ignore, fail := admissionregistrationv1.Ignore, admissionregistrationv1.Fail
	s.change(hook, "kubectl-edit", func() { hook.Webhooks[0].FailurePolicy = &ignore })
	s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{"Ignore"}))
	restart(t)
	s.Consistently(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{"Ignore"}), "the report remembers it")
	s.change(hook, "kubectl-edit", func() { hook.Webhooks[0].FailurePolicy = &fail })
	s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{"Resolved"}))
}

func TestANamespaceThatComesToBeLeftOutIsFound(t *testing.T) {
	s := newStory(t)
	hook := s.webhook()
	s.declare(watchGuardrails)
	namespace := &corev1.Namespace{}
	s.Expect(admin.Get(t.Context(), client.ObjectKey{Name: s.namespace}, namespace)).To(gomega.Succeed())
	s.change(namespace, "kubectl-label", func() {
		if namespace.Labels == nil {
			namespace.Labels = map[string]string{}
		}
		namespace.Labels["unchecked"] = "yes"
	})
	s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{s.namespace}))
	s.change(namespace, "kubectl-label", func() { delete(namespace.Labels, "unchecked") })
	s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{"Resolved"}))
}

func TestAChangeOfWhatTheOperatorMayDoIsTold(t *testing.T) {
	s := newStory(t)
	role := &rbacv1.ClusterRole{}
	s.Expect(admin.Get(t.Context(), client.ObjectKey{Name: "plumbline-manager"}, role)).To(gomega.Succeed())
	whole := role.DeepCopy()
	s.change(role, "kubectl-edit", func() {
		role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}})
	})
	defer s.change(role, "test", func() { role.Rules = whole.Rules })
	s.Eventually(func() []string { return s.events("plumbline-manager") }).Should(gomega.ContainElement(
		"OwnPermissionsChanged: ClusterRole plumbline-manager, which says what Plumbline itself may do, was changed: GAINED get secrets. " +
			"Changed by kubectl-edit (OutOfBand)."))
}

func TestAChangeOfABaselineIsTold(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.Eventually(func() []string { return s.events(s.baseline) }).Should(gomega.ContainElement(
		gomega.HavePrefix("BaselineChanged: What the baseline declares was changed. Changed by ")))
	s.remove(s.newBaseline(nil))
	s.Eventually(func() []string { return s.events(s.baseline) }).Should(gomega.ContainElement(
		"BaselineChanged: The baseline was deleted: what it declared is not judged any more."))
}

func TestARoleOfOthersThatIsCalledLikeTheOperatorsIsNotItsOwn(t *testing.T) {
	s := newStory(t)
	role := s.role("plumbline-manager", readRule())
	s.create(role)
	s.change(role, "test", func() { role.Rules = append(role.Rules, execRule()) })
	s.Consistently(func() []string { return s.events(role.Name) }).ShouldNot(gomega.ContainElement(gomega.ContainSubstring("Role "+s.namespace)))
}
