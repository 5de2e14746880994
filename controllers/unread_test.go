package controllers_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// mayGetDeployments says whether the API server lets the operator read one Deployment.
func (s *story) mayGetDeployments() bool {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: operatorUser,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: "get", Group: "apps", Version: "v1", Resource: "deployments", Namespace: s.namespace,
		},
	}}
	s.Expect(admin.Create(s.Context(), review)).To(gomega.Succeed())
	return review.Status.Allowed
}

// forbidGettingDeployments lets the operator only list and watch them until the test is over, or until the function returned is
// called.
func (s *story) forbidGettingDeployments() (allow func()) {
	s.Helper()
	role := &rbacv1.ClusterRole{}
	s.Expect(admin.Get(s.Context(), client.ObjectKey{Name: "plumbline-manager"}, role)).To(gomega.Succeed())
	whole := role.DeepCopy()
	s.change(role, "test", func() {
		for i := range role.Rules {
			if rule := &role.Rules[i]; slices.Contains(rule.Resources, "deployments") {
				rule.Verbs = slices.DeleteFunc(rule.Verbs, func(verb string) bool { return verb == "get" })
			}
		}
	})
	s.Eventually(s.mayGetDeployments).Should(gomega.BeFalse())
	allowed := false
	allow = func() {
		if !allowed {
			allowed = true
			role.Rules = whole.Rules
			s.Expect(admin.Update(context.Background(), role)).To(gomega.Succeed())
		}
	}
	s.Cleanup(allow)
	return allow
}

func TestWhoChangedAnObjectIsReadAgainWhereItCouldNotBe(t *testing.T) {
	s, clock := storyAt(t, time.Now())
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.HostPID = "" })
	s.create(s.deployment("api", hostPID))
	s.Eventually(func() int32 { return s.getBaseline().Status.Summary.Objects }).Should(gomega.BeEquivalentTo(1))
	allow := s.forbidGettingDeployments()
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.HostPID = v1alpha1.RuleForbidden })
	s.expect("Deployment api: Drifted 1")
	s.Expect(s.only().Status.Findings[0].LastChange).To(gomega.BeNil(), "it could not be read")

	allow()
	s.Eventually(s.mayGetDeployments).Should(gomega.BeTrue())
	s.Eventually(func() *v1alpha1.Change {
		clock.Step(time.Second)
		return s.only().Status.Findings[0].LastChange
	}, "20s", "100ms").Should(gomega.HaveValue(gomega.SatisfyAll(
		gomega.HaveField("Manager", "controllers.test"), gomega.HaveField("Confidence", v1alpha1.ConfidenceHigh),
	)))
	s.Expect(s.only().Status.History).To(gomega.ConsistOf(gomega.HaveField("Manager", "controllers.test")))
	s.settle()
	since := time.Now()
	clock.Step(time.Hour)
	s.Consistently(func() []string { return s.writes(since) }).Should(gomega.BeEmpty(), "it is known now")
}
