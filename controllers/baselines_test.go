package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func TestANewBaselineJudgesWhatIsThereAlready(t *testing.T) {
	s := storyWithoutBaseline(t)
	s.create(s.deployment("api", hostPID))
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.create(s.newBaseline(nil))
	s.expect("Deployment api: Drifted 1")
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Evaluated"))
	for _, kind := range []string{"Ready", "Compliant", "EvaluationComplete"} {
		s.Expect(s.condition(kind).Status).NotTo(gomega.BeEmpty(), kind)
	}
	for _, kind := range []string{"Reconciling", "Stalled"} {
		s.Expect(s.condition(kind).Status).To(gomega.BeEmpty(), kind+" is there only while it is true")
	}
}

func TestABaselineThatChangesJudgesItsScopeAgain(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", hostPID, adds("NET_RAW")))
	s.expect("Deployment api: Drifted 2")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.HostPID = "" })
	s.expect("Deployment api: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.HostPID = v1alpha1.RuleForbidden })
	s.expect("Deployment api: Drifted 2")
	s.Eventually(func() int64 { return s.getBaseline().Status.ObservedGeneration }).Should(gomega.BeEquivalentTo(3))
}

func TestAScopeThatShrinksTakesItsReportsBack(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Scope.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}
	})
	s.expect()
}

func TestADeletedBaselineTakesItsReportsAlong(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	s.remove(s.getBaseline())
	s.expect()
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ContainElement(
		"DriftResolved: No baseline covers this object any more, so its DriftReport is gone. was open: made-up-pid true."))
}

func TestEachOfTwoBaselinesJudgesOnItsOwn(t *testing.T) {
	s := newStory(t)
	second := s.newBaseline(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.Capabilities.AllowedAdd = nil })
	second.Name += "-second"
	s.create(second)
	t.Cleanup(func() { _ = admin.Delete(t.Context(), second) })
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 2")
	s.Expect(s.only().Status.Baselines).To(gomega.Equal([]string{s.baseline, s.baseline + "-second"}))
	s.remove(second)
	s.expect("Deployment api: Drifted 1")
}

func TestASuspendedBaselineKeepsItsReportsAsTheyAre(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api", hostPID)
	s.create(d)
	s.expect("Deployment api: Drifted 1")
	before := s.only()
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Suspend = true })
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Suspended"))
	s.change(d, "test", func() { d.Spec.Template.Spec.HostPID = false })
	s.create(s.deployment("late", hostPID))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	s.Expect(s.only().ResourceVersion).To(gomega.Equal(before.ResourceVersion))
	restart(t)
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Suspend = false })
	s.expect("Deployment api: Resolved 0", "Deployment late: Drifted 1")
}

func TestAnInvalidBaselineSaysWhyAndKeepsItsReports(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Scope.NamespaceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "env", Operator: "Inn", Values: []string{"prod"}}}}
	})
	s.Eventually(func() metav1.Condition { return s.condition("Ready") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Status", metav1.ConditionFalse), gomega.HaveField("Reason", "InvalidBaseline"),
		gomega.HaveField("Message", gomega.HavePrefix(`spec.scope.namespaceSelector: "Inn" is not a valid label selector operator`)),
	))
	s.Expect(s.condition("Stalled").Status).To(gomega.Equal(metav1.ConditionTrue))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	s.Eventually(func() []string { return s.events(s.baseline) }).Should(gomega.ContainElement(gomega.HavePrefix("InvalidBaseline: spec.scope.namespaceSelector:")))
	restart(t)
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Scope.NamespaceSelector = nil })
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Evaluated"))
	s.Expect(s.condition("Stalled").Status).To(gomega.BeEmpty())
	s.expect("Deployment api: Drifted 1")
}

func TestTheLabelsOfANamespaceDecide(t *testing.T) {
	s := newStory(t)
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Scope.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
	})
	s.create(s.deployment("api", hostPID))
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	namespace := &corev1.Namespace{}
	s.Expect(admin.Get(s.Context(), client.ObjectKey{Name: s.namespace}, namespace)).To(gomega.Succeed())
	s.change(namespace, "test", func() { namespace.Labels["env"] = "prod" })
	s.expect("Deployment api: Drifted 1")
	s.change(namespace, "test", func() { delete(namespace.Labels, "env") })
	s.expect()
}
