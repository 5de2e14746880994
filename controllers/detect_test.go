package controllers_test

import (
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func TestDriftIsDetectedAttributedToldAndResolved(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api", adds("NET_RAW"))
	s.create(d)
	s.expect("Deployment api: Drifted 1")

	s.change(d, "kubectl-edit", func() { adds("NET_RAW", "NET_ADMIN")(d) })
	s.expect("Deployment api: Drifted 2")
	report := s.only()
	opened := report.Status.Findings[0]
	s.Expect(opened.Value).To(gomega.Equal("NET_ADMIN"))
	s.Expect(opened.Path).To(gomega.Equal("spec.template.spec.containers[app].securityContext.capabilities.add"))
	s.Expect(opened.LastChange.Manager).To(gomega.Equal("kubectl-edit"))
	s.Expect(opened.LastChange.Class).To(gomega.Equal(v1alpha1.ManagerOutOfBand))
	s.Expect(report.OwnerReferences[0].UID).To(gomega.Equal(d.UID))

	s.change(d, "kubectl-edit", func() { adds()(d) })
	s.expect("Deployment api: Resolved 0")
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ConsistOf(
		gomega.HavePrefix("DriftDetected: controllers.test added NET_RAW to container app: Container app adds capability NET_RAW."),
		gomega.HavePrefix("DriftChanged: kubectl-edit added NET_ADMIN to container app: Container app adds capability NET_ADMIN."),
		gomega.HavePrefix("DriftResolved: Nothing has drifted any more: resolved made-up-capability NET_ADMIN in container app, "),
	))
	s.Expect(s.only().Status.History).To(gomega.HaveLen(4))
}

func TestACompliantWorkloadHasNoReport(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api"))
	s.Eventually(func() int32 { return s.getBaseline().Status.Summary.Objects }).Should(gomega.BeEquivalentTo(1))
	s.Expect(s.reports()).To(gomega.BeEmpty())
	s.Expect(s.condition("Compliant").Status).To(gomega.Equal(metav1.ConditionTrue))
}

func TestTheBaselineCountsWhatDrifted(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("one", hostPID, adds("NET_RAW", "NET_ADMIN")))
	s.create(s.deployment("two"))
	s.Eventually(func() *v1alpha1.BaselineSummary { return s.getBaseline().Status.Summary }).Should(gomega.Equal(&v1alpha1.BaselineSummary{
		Objects: 2, Drifted: 1, Findings: v1alpha1.SeverityCounts{Critical: 1, High: 2},
	}))
	s.Expect(s.condition("Compliant")).To(gomega.SatisfyAll(
		gomega.HaveField("Status", metav1.ConditionFalse), gomega.HaveField("Reason", "DriftFound"),
		gomega.HaveField("Message", "1 of 2 objects have drifted: see kubectl get driftreports -A."),
	))
	s.Expect(s.condition("Ready").Status).To(gomega.Equal(metav1.ConditionTrue), "drift must not make a baseline unready")
}

func TestADeletedWorkloadTakesItsReportAlong(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api", hostPID)
	s.create(d)
	s.expect("Deployment api: Drifted 1")
	s.remove(d)
	s.expect()
	s.Eventually(func() int32 { return s.getBaseline().Status.Summary.Objects }).Should(gomega.BeZero())
}

func TestAWorkloadMadeAnewGetsANewReport(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api", hostPID)
	s.create(d)
	s.expect("Deployment api: Drifted 1")
	first := s.only()
	s.remove(d)
	again := s.deployment("api", hostPID)
	s.create(again)
	s.Eventually(func() bool {
		reports := s.fullReports()
		return len(reports) == 1 && reports[0].Spec.Target.UID == again.UID && reports[0].UID != first.UID
	}).Should(gomega.BeTrue())
}

func TestAResolvedReportGoesAfterItsRetention(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	s, clock := storyAt(t, now)
	d := s.deployment("api", hostPID)
	s.create(d)
	s.expect("Deployment api: Drifted 1")
	s.change(d, "test", func() { d.Spec.Template.Spec.HostPID = false })
	s.expect("Deployment api: Resolved 0")
	clock.SetTime(now.Add(24*time.Hour - time.Second))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Resolved 0"}))
	clock.SetTime(now.Add(24 * time.Hour))
	s.expect()
}

func TestAReportThatSomebodyDeletesOrChangesIsPutRight(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	report := s.only()
	s.remove(&report)
	s.expect("Deployment api: Drifted 1")
	report = s.only()
	s.change(&report, "vandal", func() { report.Status.Findings, report.Status.Summary.Findings = nil, 0 })
	s.expect("Deployment api: Drifted 1")
	s.Expect(s.only().Status.Findings).To(gomega.HaveLen(1))
}

func TestAReportWithoutATargetIsSweptAway(t *testing.T) {
	s := newStory(t)
	s.create(&v1alpha1.DriftReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "deployment-gone-a1b2c3"},
		Spec: v1alpha1.DriftReportSpec{Target: v1alpha1.TargetReference{
			APIVersion: "apps/v1", Kind: "Deployment", Namespace: s.namespace, Name: "gone",
		}},
	})
	s.expect()
}

func TestEventsCanBeSwitchedOff(t *testing.T) {
	s := newStory(t)
	off := false
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Reporting.Events = &off })
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Evaluated"))
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	s.Consistently(func() []string { return s.events("api") }).Should(gomega.BeEmpty())
}

// containersOf returns n containers that each add a capability with an odd name.
func containersOf(n int, capability corev1.Capability) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		one := d.Spec.Template.Spec.Containers[0]
		d.Spec.Template.Spec.Containers = nil
		for i := range n {
			c := one
			c.Name = "c" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			c.SecurityContext = &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{capability}}}
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, c)
		}
	}
}

func TestTwoHundredContainersMakeABoundedReport(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", containersOf(200, "NET_RAW")))
	s.expect("Deployment api: Drifted 200")
	report := s.only()
	s.Expect(report.Status.Findings).To(gomega.HaveLen(50))
	s.Expect(report.Status.Summary.Truncated).To(gomega.BeEquivalentTo(150))
}

func TestAHugeSpecWithOddValuesIsJudged(t *testing.T) {
	s := newStory(t)
	huge := make([]byte, 1<<20)
	for i := range huge {
		huge[i] = 'x'
	}
	d := s.deployment("api", adds("ÜBER\x1b[31m\nCAP", "NET_RAW"))
	d.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "HUGE", Value: string(huge)}}
	s.create(d)
	s.expect("Deployment api: Drifted 2")
	for _, f := range s.only().Status.Findings {
		s.Expect(f.Value+f.Message).NotTo(gomega.ContainSubstring("\x1b"), "a terminal escape must not reach a terminal")
		s.Expect(f.Value+f.Message).NotTo(gomega.ContainSubstring("\n"), "a line break must not forge a line")
	}
}

func TestAnObjectInADyingNamespaceDoesNoHarm(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api")
	s.create(d)
	s.Expect(admin.Delete(s.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}})).To(gomega.Succeed())
	since := time.Now()
	s.change(d, "test", func() { hostPID(d) })
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.Expect(len(s.writes(since))).To(gomega.BeNumerically("<=", 2), "one refused write is no reason for many")
}
