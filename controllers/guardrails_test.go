package controllers_test

import (
	"context"
	"slices"
	"strings"
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
			Rules:             []admissionregistrationv1.RuleWithOperations{s.nothing()},
		}},
	}
	s.gone(hook)
	s.create(hook)
	return hook
}

// nothing is a rule that matches no request.
func (s *story) nothing() admissionregistrationv1.RuleWithOperations {
	return admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{"nothing.example.com"}, APIVersions: []string{"v1"}, Resources: []string{"nothings"}},
	}
}

// gone removes an object when the test is over, if it is there.
func (s *story) gone(obj client.Object) {
	s.Cleanup(func() { s.Expect(client.IgnoreNotFound(admin.Delete(context.Background(), obj))).To(gomega.Succeed()) })
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

func TestAGuardrailThatIsDeletedAndMadeAgainWeakerIsFound(t *testing.T) {
	s := newStory(t)
	hook := s.webhook()
	s.declare(watchGuardrails)
	s.Consistently(func() []string { return s.found(hook.Name) }).Should(gomega.BeEmpty())
	ignore := admissionregistrationv1.Ignore
	for range 2 { // the second time it is as weak as before
		again := hook.DeepCopy()
		again.ResourceVersion, again.UID = "", ""
		again.Webhooks[0].FailurePolicy = &ignore
		s.remove(hook)
		s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.BeEmpty())
		s.create(again)
		s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{"Ignore"}))
		hook = again
	}
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

// mutatingPolicy is a MutatingAdmissionPolicy that never matches anything, and that is not made yet.
func (s *story) mutatingPolicy() *admissionregistrationv1.MutatingAdmissionPolicy {
	fail := admissionregistrationv1.Fail
	policy := &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy: &fail, ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: s.nothing(),
			}}},
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType:          admissionregistrationv1.PatchTypeApplyConfiguration,
				ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{Expression: "Object{}"},
			}},
		},
	}
	s.gone(policy)
	return policy
}

func TestAMutatingPolicyThatIsWeakenedIsFoundUntilItIsPutBack(t *testing.T) {
	s := newStory(t)
	policy := s.mutatingPolicy()
	s.create(policy)
	s.declare(watchGuardrails)
	s.Consistently(func() []string { return s.found(policy.Name) }).Should(gomega.BeEmpty())
	ignore, fail := admissionregistrationv1.Ignore, admissionregistrationv1.Fail
	s.change(policy, "kubectl-edit", func() { policy.Spec.FailurePolicy = &ignore })
	s.Eventually(func() []string { return s.found(policy.Name) }).Should(gomega.Equal([]string{"Ignore"}))
	s.change(policy, "kubectl-edit", func() { policy.Spec.FailurePolicy = &fail })
	s.Eventually(func() []string { return s.found(policy.Name) }).Should(gomega.Equal([]string{"Resolved"}))
}

func TestABindingOfAMutatingPolicyThatComesToLeaveOutANamespaceIsFound(t *testing.T) {
	s := newStory(t)
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: "drop-all"},
	}
	s.gone(binding)
	s.create(binding)
	s.declare(watchGuardrails)
	s.change(binding, "kubectl-edit", func() {
		binding.Spec.MatchResources = &admissionregistrationv1.MatchResources{
			NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: []string{s.namespace}},
			}},
		}
	})
	s.Eventually(func() []string { return s.found(binding.Name) }).Should(gomega.Equal([]string{s.namespace}))
}

func TestOnlyGuardrailsOfTheKindsInTheScopeAreWatched(t *testing.T) {
	s := newStory(t)
	hook, policy := s.webhook(), s.mutatingPolicy()
	s.create(policy)
	s.declare(watchGuardrails)
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Scope.Kinds = []v1alpha1.JudgedKind{"MutatingAdmissionPolicy"}
	})
	ignore := admissionregistrationv1.Ignore
	s.change(hook, "kubectl-edit", func() { hook.Webhooks[0].FailurePolicy = &ignore })
	s.change(policy, "kubectl-edit", func() { policy.Spec.FailurePolicy = &ignore })
	s.Eventually(s.operatorReports).Should(gomega.Equal([]string{"MutatingAdmissionPolicy " + s.namespace + ": Drifted"}))
	s.Consistently(s.operatorReports).Should(gomega.Equal([]string{"MutatingAdmissionPolicy " + s.namespace + ": Drifted"}))
}

// No report can say that an object is gone of which nobody knows whether it is to be there.
func TestAGuardrailThatIsDeletedIsToldOnTheBaselinesThatWatchOverIt(t *testing.T) {
	elsewhere, s := newStory(t), newStory(t)
	hook := s.webhook()
	s.declare(watchGuardrails)
	s.remove(hook)
	told := "GuardrailDeleted: ValidatingWebhookConfiguration " + hook.Name + " was deleted: it asked check.example.com about " +
		"nothings.nothing.example.com on CREATE. If it is to be there, create it again and declare it: then it is found while it is missing."
	s.Eventually(func() []string { return s.deletions(s.baseline) }).Should(gomega.Equal([]string{told}))
	s.Consistently(func() []string { return elsewhere.deletions(elsewhere.baseline) }).Should(gomega.BeEmpty(), "it watches over none")
	s.Expect(s.found(hook.Name)).To(gomega.BeEmpty())
}

func TestADeletedGuardrailThatIsDeclaredIsFoundAndNotToldTwice(t *testing.T) {
	s := newStory(t)
	hook := s.webhook()
	s.declare(s.declaring(hook))
	s.declare(watchGuardrails)
	s.remove(hook)
	s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.Equal([]string{"missing"}))
	s.Consistently(func() []string { return s.deletions(s.baseline) }).Should(gomega.BeEmpty())
}

// deletions returns what is told on a baseline of guardrails that were deleted.
func (s *story) deletions(baseline string) []string {
	return slices.DeleteFunc(s.events(baseline), func(line string) bool { return !strings.HasPrefix(line, v1alpha1.EventGuardrailDeleted) })
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
	s.Consistently(func() []string { return s.events(role.Name) }).ShouldNot(gomega.ContainElement(gomega.ContainSubstring("Role " + s.namespace)))
}
