package controllers_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
)

// forbid takes a resource out of the operator's role until the test is over, or until the function returned is called.
func (s *story) forbid(resource string) (allow func()) {
	s.Helper()
	role := &rbacv1.ClusterRole{}
	s.Expect(admin.Get(s.Context(), client.ObjectKey{Name: "plumbline-manager"}, role)).To(gomega.Succeed())
	whole := role.DeepCopy()
	s.change(role, "test", func() {
		for i := range role.Rules {
			role.Rules[i].Resources = slices.DeleteFunc(role.Rules[i].Resources, func(r string) bool { return r == resource })
		}
	})
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

func TestAKindThatMayNotBeListedDoesNotStopTheOthers(t *testing.T) {
	s := newStory(t)
	job := batchv1.JobSpec{Template: drifted("job")}
	job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	cron := func(name string) *batchv1.CronJob {
		return &batchv1.CronJob{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
			Spec:       batchv1.CronJobSpec{Schedule: "0 2 * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}},
		}
	}
	s.create(cron("known"))
	s.expect("CronJob known: Drifted 1")
	s.Expect(operator.stop()).To(gomega.Succeed())
	allow := s.forbid("cronjobs")
	resume(t)
	s.Expect(operator.options.Watches.Synced()).To(gomega.Succeed(), "it is ready, though it may not read everything")
	s.Eventually(func() metav1.Condition { return s.condition("EvaluationComplete") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Status", metav1.ConditionFalse), gomega.HaveField("Reason", "KindsUnreadable"),
		gomega.HaveField("Message", "CronJob: the operator may not list and watch cronjobs.batch: grant it both verbs."),
	))
	s.create(s.deployment("api", hostPID))
	s.create(cron("unseen"))
	s.expect("CronJob known: Drifted 1", "Deployment api: Drifted 1")
	s.Eventually(func() []string { return s.events(s.baseline) }).Should(gomega.ContainElement(gomega.HavePrefix("EvaluationIncomplete: CronJob:")))
	allow()
	s.expect("CronJob known: Drifted 1", "CronJob unseen: Drifted 1", "Deployment api: Drifted 1")
	s.Eventually(func() string { return s.condition("EvaluationComplete").Reason }).Should(gomega.Equal("AllKindsReadable"))
}

func TestUnreadableNamespacesLeaveScopesUndecidedNotCompliant(t *testing.T) {
	s := newStory(t)
	namespace := &corev1.Namespace{}
	s.Expect(admin.Get(s.Context(), client.ObjectKey{Name: s.namespace}, namespace)).To(gomega.Succeed())
	s.change(namespace, "test", func() { namespace.Labels["env"] = "prod" })
	sb := s.getBaseline()
	s.change(sb, "test", func() {
		sb.Spec.Scope.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
	})
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	s.Expect(operator.stop()).To(gomega.Succeed())
	allow := s.forbid("namespaces")
	resume(t)
	s.Eventually(func() metav1.Condition { return s.condition("EvaluationComplete") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Status", metav1.ConditionFalse),
		gomega.HaveField("Message", gomega.And(gomega.ContainSubstring("namespaces"), gomega.ContainSubstring("1 object was not judged entirely"))),
	))
	s.Expect(s.reports()).To(gomega.Equal([]string{"Deployment api: Drifted 1"}), "what is known stays")
	s.create(s.deployment("unseen", hostPID))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	allow()
	s.expect("Deployment api: Drifted 1", "Deployment unseen: Drifted 1")
	s.Eventually(func() string { return s.condition("EvaluationComplete").Reason }).Should(gomega.Equal("AllKindsReadable"))
}

func TestAnAPIServerThatIsGoneForHalfAMinuteLosesNothing(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("before", hostPID))
	s.expect("Deployment before: Drifted 1")
	s.Expect(operator.stop()).To(gomega.Succeed())
	leading, err := startManager(context.Background(), controllers.ManagerOptions{MetricsAddress: "0", ProbeAddress: "0", LeaderElection: true})
	s.Expect(err).NotTo(gomega.HaveOccurred())
	operator = leading
	report := s.only()
	fixed := s.deployment("before", hostPID)
	s.Expect(admin.Get(s.Context(), client.ObjectKeyFromObject(fixed), fixed)).To(gomega.Succeed())
	s.Expect(plane.StopAPIServer(s.Context())).To(gomega.Succeed())
	select {
	case err := <-operator.done:
		t.Fatalf("the operator ended while the API server was gone: %v", err)
	case <-time.After(30 * time.Second):
	}
	s.Expect(plane.StartAPIServer(s.Context())).To(gomega.Succeed())
	s.create(s.deployment("after", hostPID))
	s.Eventually(s.reports, time.Minute).Should(gomega.Equal([]string{"Deployment after: Drifted 1", "Deployment before: Drifted 1"}))
	for _, r := range s.fullReports() {
		if r.Name == report.Name {
			s.Expect(r.ResourceVersion).To(gomega.Equal(report.ResourceVersion), "what did not change was not written again")
		}
	}
	s.change(fixed, "test", func() { fixed.Spec.Template.Spec.HostPID = false })
	s.Eventually(s.reports, time.Minute).Should(gomega.Equal([]string{"Deployment after: Drifted 1", "Deployment before: Resolved 0"}))
	select {
	case err := <-operator.done:
		t.Fatalf("the operator ended after the API server came back: %v", err)
	default:
	}
	// After an outage, client-go sleeps out what it waits between two tries, also when it is to end.
	s.Expect(operator.stop()).To(gomega.Or(gomega.Succeed(), gomega.MatchError(context.DeadlineExceeded)))
	resume(t)
}

func TestPastTheCeilingTheWorstReportsStayAndTheRestIsCounted(t *testing.T) {
	s := newStory(t)
	s.Eventually(s.reportsInCluster).Should(gomega.BeEmpty(), "the reports of other stories go with their baselines")
	s.Expect(operator.stop()).To(gomega.Succeed())
	limited, err := startOperator(context.Background(), controllers.Options{MaxReports: 2})
	s.Expect(err).NotTo(gomega.HaveOccurred())
	operator = limited
	s.create(s.deployment("high-1", adds("NET_RAW")))
	s.expect("Deployment high-1: Drifted 1")
	s.create(s.deployment("high-2", adds("NET_RAW")))
	s.expect("Deployment high-1: Drifted 1", "Deployment high-2: Drifted 1")
	high3 := s.deployment("high-3", adds("NET_RAW"))
	s.create(high3)
	s.Eventually(func() metav1.Condition { return s.condition("EvaluationComplete") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Reason", "ReportsTruncated"),
		gomega.HaveField("Message", "1 drifted object has no DriftReport: the ceiling of --max-reports is reached."),
	))
	critical := s.deployment("critical", hostPID)
	s.create(critical)
	s.Eventually(s.reports).Should(gomega.SatisfyAll(gomega.HaveLen(2), gomega.ContainElement("Deployment critical: Drifted 1")))
	s.Expect(s.getBaseline().Status.Summary.Drifted).To(gomega.BeNumerically(">=", 3), "the baseline counts them all")
	s.remove(critical)
	s.Eventually(s.reports).Should(gomega.SatisfyAll(gomega.HaveLen(2), gomega.HaveEach(gomega.HavePrefix("Deployment high-"))))
	restart(t)
	s.Eventually(s.reports).Should(gomega.HaveLen(3))
}

// reportsInCluster returns what there is of all stories.
func (s *story) reportsInCluster() (reports []string) {
	var list v1alpha1.DriftReportList
	s.Expect(admin.List(s.Context(), &list)).To(gomega.Succeed())
	for _, r := range list.Items {
		reports = append(reports, fmt.Sprintf("%s/%s: %s for %v", r.Namespace, r.Name, r.Status.State, r.Status.Baselines))
	}
	return reports
}
