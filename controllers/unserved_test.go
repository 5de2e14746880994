package controllers_test

import (
	"context"
	"testing"
	"time"

	"github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// as135 has an API server behave as one of Kubernetes 1.35, which does not serve mutating policies, and beta as one that serves them in
// v1beta1.
var (
	as135 = []string{"--emulated-version=1.35"}
	beta  = []string{"--emulated-version=1.35", "--runtime-config=admissionregistration.k8s.io/v1beta1=true"}
)

// become restarts the API server with flags.
func (s *story) become(flags ...string) {
	s.Helper()
	s.Expect(plane.StopAPIServer(context.Background())).To(gomega.Succeed())
	plane.SetAPIServerFlags(flags...)
	s.Expect(plane.StartAPIServer(context.Background())).To(gomega.Succeed())
}

// Where mutating policies are not served there are none, and nothing is incomplete for that. From the upgrade of the API server on
// they are watched as others are.
func TestAKindThatIsNotServedIsNotThereUntilItIs(t *testing.T) {
	s := newStory(t)
	s.Expect(operator.stop()).To(gomega.Succeed())
	policy, other, hook := s.mutatingPolicy(), s.mutatingPolicy(), s.webhook()
	other.Name += "-other"
	s.create(policy) // both are stored, and not served for a while: no change tells of them
	s.create(other)
	s.become(as135...)
	upgrade := func() { s.become() }
	t.Cleanup(func() { upgrade() })
	resume(t)
	err := admin.Get(t.Context(), client.ObjectKeyFromObject(policy), policy.DeepCopy())
	s.Expect(apierrors.IsNotFound(err) || meta.IsNoMatchError(err)).To(gomega.BeTrue(), "it must not be served: %v", err)

	s.declare(watchGuardrails)
	s.declare(s.declaring(policy))
	s.declare(closing("MutatingAdmissionPolicy"))
	s.Eventually(s.operatorReports).Should(gomega.Equal([]string{"MutatingAdmissionPolicy " + policy.Name + ": Drifted"}), "it is missing")
	s.Expect(operator.options.Watches.Synced()).To(gomega.Succeed())
	s.Expect(operator.options.Watches.Unreadable()).To(gomega.BeEmpty())
	s.Eventually(func() metav1.Condition { return s.condition("EvaluationComplete") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Status", metav1.ConditionTrue), gomega.HaveField("Reason", "AllKindsReadable")))
	ignore := admissionregistrationv1.Ignore
	s.change(hook, "kubectl-edit", func() { hook.Webhooks[0].FailurePolicy = &ignore })
	s.Eventually(func() []string { return s.found(hook.Name) }).Should(gomega.ConsistOf("missing", "Ignore"), "other guardrails are watched")

	s.SetDefaultEventuallyTimeout(time.Minute) // after an outage, client-go waits between two tries
	upgrade()
	upgrade = func() {}
	s.Eventually(s.operatorReports).Should(gomega.ConsistOf(
		"MutatingAdmissionPolicy "+policy.Name+": Resolved", "MutatingAdmissionPolicy "+other.Name+": Drifted",
		"ValidatingWebhookConfiguration "+hook.Name+": Drifted"))
	s.Expect(s.found(other.Name)).To(gomega.Equal([]string{other.Name}), "nobody declared it")
	s.change(other, "kubectl-edit", func() { other.Spec.FailurePolicy = &ignore })
	s.Eventually(func() []string { return s.found(other.Name) }).Should(gomega.ConsistOf(other.Name, "Ignore"))
	// After an outage, client-go sleeps out what it waits between two tries, also when it is to end.
	s.Expect(operator.stop()).To(gomega.Or(gomega.Succeed(), gomega.MatchError(context.DeadlineExceeded)))
	resume(t)
}

// What is served in an older version may be there all the same: it is not taken for missing, and the baseline says that it is not read.
func TestAKindThatIsServedInAnOlderVersionAloneIsUnreadable(t *testing.T) {
	s := newStory(t)
	s.Expect(operator.stop()).To(gomega.Succeed())
	policy := s.mutatingPolicy()
	s.create(policy)
	s.become(beta...)
	upgrade := func() { s.become() }
	t.Cleanup(func() { upgrade() })
	resume(t)
	s.declare(s.declaring(policy))
	s.Eventually(func() metav1.Condition { return s.condition("EvaluationComplete") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Reason", "KindsUnreadable"),
		gomega.HaveField("Message", "MutatingAdmissionPolicy: the API server serves it in v1beta1, and it is read in v1: upgrade the API server."),
	))
	s.Consistently(s.operatorReports).Should(gomega.BeEmpty())

	s.SetDefaultEventuallyTimeout(time.Minute) // after an outage, client-go waits between two tries
	upgrade()
	upgrade = func() {}
	s.Eventually(func() string { return s.condition("EvaluationComplete").Reason }).Should(gomega.Equal("AllKindsReadable"))
	s.Consistently(s.operatorReports).Should(gomega.BeEmpty())
	// After an outage, client-go sleeps out what it waits between two tries, also when it is to end.
	s.Expect(operator.stop()).To(gomega.Or(gomega.Succeed(), gomega.MatchError(context.DeadlineExceeded)))
	resume(t)
}
