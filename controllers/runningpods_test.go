package controllers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// madeUpRunningCheck makes a finding of whatever the other checks find in running pods alone.
func madeUpRunningCheck() engine.Check {
	return engine.Check{
		ID: "made-up-running", Severity: v1alpha1.SeverityCritical, Remediation: "Delete the pod.",
		Needs:    []engine.Need{engine.NeedRunningPods},
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Workloads.RunningPods != "" },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			for _, w := range in.Weaker {
				findings = append(findings, engine.Finding{
					Severity: w.Finding.Severity, Container: w.Finding.Container, Path: w.Finding.Path, Value: w.Finding.Check + ": " + w.Finding.Value,
					Message: fmt.Sprintf("%d pods, such as %s.", w.Pods, w.Pod), Origin: v1alpha1.OriginRunningPods, Pods: w.Pods,
				})
			}
			return findings
		},
	}
}

// runningStory is a story whose baseline asks for running pods.
func runningStory(t *testing.T) *story {
	t.Helper()
	s := storyWithoutBaseline(t)
	s.create(s.newBaseline(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.RunningPods = v1alpha1.RuleMatchTemplate }))
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Evaluated"))
	return s
}

// running makes a Deployment with its ReplicaSet.
func (s *story) running(change ...func(*appsv1.Deployment)) (*appsv1.Deployment, *appsv1.ReplicaSet) {
	d := s.deployment("api", change...)
	s.create(d)
	return d, s.revision("api-1", d)
}

// revision makes a ReplicaSet of what a Deployment says now.
func (s *story) revision(name string, d *appsv1.Deployment) *appsv1.ReplicaSet {
	rs := s.replicaSet(name, controlledBy("apps/v1", "Deployment", d.Name, d.UID))
	rs.Spec.Selector, rs.Spec.Template = d.Spec.Selector.DeepCopy(), *d.Spec.Template.DeepCopy()
	s.create(rs)
	return rs
}

// podOf makes a pod as a ReplicaSet would, but for what somebody has changed on the way.
func (s *story) podOf(rs *appsv1.ReplicaSet, name string, change ...func(*corev1.PodSpec)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.namespace, Name: name, Labels: rs.Spec.Template.Labels, OwnerReferences: controlledBy("apps/v1", "ReplicaSet", rs.Name, rs.UID),
		},
		Spec: *rs.Spec.Template.Spec.DeepCopy(),
	}
	for _, c := range change {
		c(&pod.Spec)
	}
	s.Expect(admin.Create(s.Context(), pod, client.FieldOwner("mesh"))).To(gomega.Succeed())
	return pod
}

func sidecar(spec *corev1.PodSpec) {
	spec.Containers = append(spec.Containers, corev1.Container{
		Name: "proxy", Image: "registry.example.com/proxy:1.0",
		SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}},
	})
}

func inHostPID(spec *corev1.PodSpec) { spec.HostPID = true }

func TestPodsThatAWebhookChangedAreReportedOnceOnTheDeployment(t *testing.T) {
	s := runningStory(t)
	_, rs := s.running()
	one, two := s.podOf(rs, "api-1-a", sidecar), s.podOf(rs, "api-1-b", sidecar)
	s.podOf(rs, "api-1-c")
	s.expect("Deployment api: Drifted 1")
	f := s.only().Status.Findings[0]
	s.Expect(f.Origin).To(gomega.Equal(v1alpha1.OriginRunningPods))
	s.Expect(f.Pods).To(gomega.BeEquivalentTo(2))
	s.Expect(f.Container).To(gomega.Equal("proxy"))
	s.Expect(f.Path).To(gomega.Equal("spec.containers[proxy].securityContext.capabilities.add"))
	s.Expect(f.Value).To(gomega.Equal("made-up-capability: NET_ADMIN"))
	s.Expect(f.Message).To(gomega.Equal("2 pods, such as api-1-a."))
	s.Expect(f.LastChange).To(gomega.HaveField("Manager", "mesh"), "who changed it is read off the pod")

	s.remove(one)
	s.Eventually(func() int32 { return s.only().Status.Findings[0].Pods }).Should(gomega.BeEquivalentTo(1))
	s.remove(two)
	s.expect("Deployment api: Resolved 0")
	s.Expect(s.only().Status.History).To(gomega.HaveLen(2), "opened once, resolved once")
}

func TestWithoutRunningPodsThePodsOfAControllerAreNotJudged(t *testing.T) {
	s := newStory(t)
	_, rs := s.running()
	s.podOf(rs, "api-1-a", sidecar)
	s.Consistently(s.reports, "4s").Should(gomega.BeEmpty())
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.RunningPods = v1alpha1.RuleMatchTemplate })
	s.expect("Deployment api: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.RunningPods = "" })
	s.expect("Deployment api: Resolved 0")
}

func TestARolloutIsToldOfByTheTemplateAtOnceAndByWhatStillRuns(t *testing.T) {
	s := runningStory(t)
	d, rs := s.running(hostPID)
	old := s.podOf(rs, "api-1-a")
	s.expect("Deployment api: Drifted 1")
	s.Expect(s.only().Status.Findings[0].Origin).To(gomega.Equal(v1alpha1.OriginTemplate))
	s.change(d, "argocd-controller", func() { d.Spec.Template.Spec.HostPID = false })
	s.Eventually(func() string {
		if report := s.only(); len(report.Status.Findings) == 1 {
			return string(report.Status.Findings[0].Origin)
		}
		return ""
	}).Should(gomega.Equal("RunningPods"))
	s.podOf(s.revision("api-2", d), "api-2-a")
	s.remove(old)
	s.expect("Deployment api: Resolved 0")
}

func TestAPodThatIsReplacedByOneLikeItIsNoNews(t *testing.T) {
	s := runningStory(t)
	_, rs := s.running()
	pod := s.podOf(rs, "api-1-a", sidecar)
	s.expect("Deployment api: Drifted 1")
	s.remove(pod)
	s.podOf(rs, "api-1-a", sidecar)
	s.Consistently(s.reports, "5s").Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	s.Expect(s.only().Status.History).To(gomega.HaveLen(1))
}

func TestAPodThatDiffersForAMomentIsNotReported(t *testing.T) {
	s := runningStory(t)
	_, rs := s.running()
	since := time.Now()
	pod := s.podOf(rs, "api-1-a", sidecar)
	s.Consistently(s.reports, "1s").Should(gomega.BeEmpty())
	s.remove(pod)
	s.Consistently(s.reports, "5s").Should(gomega.BeEmpty())
	s.Expect(s.writes(since)).NotTo(gomega.ContainElement(gomega.ContainSubstring("driftreports")))
}

func TestAPodDoesNotHideBehindAControllerThatDidNotMakeIt(t *testing.T) {
	s := runningStory(t)
	_, rs := s.running()
	pod := s.pod("miner", controlledBy("apps/v1", "ReplicaSet", rs.Name, rs.UID))
	s.create(pod)
	s.expect("Deployment api: Drifted 1")
	s.Expect(s.only().Status.Findings[0].Message).To(gomega.ContainSubstring("miner"))
}

func TestAnEphemeralContainerIsReportedOnThePodAlone(t *testing.T) {
	s := runningStory(t)
	_, rs := s.running()
	pod := s.podOf(rs, "api-1-a")
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: "debug", Image: "registry.example.com/debug:1.0", TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_PTRACE"}}},
	}}}
	s.Expect(admin.SubResource("ephemeralcontainers").Update(s.Context(), pod)).To(gomega.Succeed())
	s.expect("Pod api-1-a: Drifted 1")
	s.Consistently(s.reports, "4s").Should(gomega.Equal([]string{"Pod api-1-a: Drifted 1"}))
}

func TestThePodsOfEveryControllerAreHeldAgainstItsTemplate(t *testing.T) {
	s := runningStory(t)
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: s.namespace, Name: name} }
	clean := template(map[string]string{"app": "x"})
	job := batchv1.JobSpec{Template: *clean.DeepCopy()}
	job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever

	set := &appsv1.StatefulSet{ObjectMeta: meta("set"), Spec: appsv1.StatefulSetSpec{Selector: selector, Template: clean}}
	daemons := &appsv1.DaemonSet{ObjectMeta: meta("daemons"), Spec: appsv1.DaemonSetSpec{Selector: selector, Template: clean}}
	rc := &corev1.ReplicationController{ObjectMeta: meta("rc"), Spec: corev1.ReplicationControllerSpec{Selector: selector.MatchLabels, Template: &clean}}
	cron := &batchv1.CronJob{ObjectMeta: meta("nightly"), Spec: batchv1.CronJobSpec{Schedule: "0 2 * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}}}
	web := s.replicaSet("web-1", controlledBy("argoproj.io/v1alpha1", "Rollout", "web", "11111111-2222-3333-4444-555555555555"))
	web.Spec.Template.Spec.HostPID = false
	for _, obj := range []client.Object{set, daemons, rc, cron, web} {
		s.create(obj)
	}
	run := &batchv1.Job{ObjectMeta: meta("nightly-1"), Spec: job}
	run.OwnerReferences = controlledBy("batch/v1", "CronJob", cron.Name, cron.UID)
	s.create(run)
	s.create(s.pod("set-0", controlledBy("apps/v1", "StatefulSet", set.Name, set.UID)))
	s.create(s.pod("daemons-x", controlledBy("apps/v1", "DaemonSet", daemons.Name, daemons.UID)))
	s.create(s.pod("rc-x", controlledBy("v1", "ReplicationController", rc.Name, rc.UID)))
	s.create(s.pod("web-1-x", controlledBy("apps/v1", "ReplicaSet", web.Name, web.UID)))
	of := s.pod("nightly-1-x", controlledBy("batch/v1", "Job", run.Name, run.UID))
	s.create(of)
	s.expect("CronJob nightly: Drifted 1", "DaemonSet daemons: Drifted 1", "ReplicationController rc: Drifted 1", "Rollout web: Drifted 1",
		"StatefulSet set: Drifted 1")

	of.Status.Phase = corev1.PodFailed
	s.Expect(admin.Status().Update(s.Context(), of)).To(gomega.Succeed())
	s.expect("CronJob nightly: Resolved 0", "DaemonSet daemons: Drifted 1", "ReplicationController rc: Drifted 1", "Rollout web: Drifted 1",
		"StatefulSet set: Drifted 1")
}

func TestARestartWritesNothingOfRunningPodsAnew(t *testing.T) {
	s := runningStory(t)
	_, rs := s.running()
	s.podOf(rs, "api-1-a", inHostPID)
	s.expect("Deployment api: Drifted 1")
	s.Eventually(func() string { return s.condition("Compliant").Reason }).Should(gomega.Equal("DriftFound"))
	since := time.Now()
	restart(t)
	s.Consistently(s.reports, "6s").Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
	s.Expect(s.writes(since)).NotTo(gomega.ContainElement(gomega.ContainSubstring(s.namespace)))
}
