package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func controlledBy(apiVersion, kind, name string, uid types.UID) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: name, UID: uid, Controller: &yes}}
}

// drifted is a pod template in the host's process namespace.
func drifted(name string) corev1.PodTemplateSpec {
	t := template(map[string]string{"app": name})
	t.Spec.HostPID = true
	return t
}

func (s *story) replicaSet(name string, owners []metav1.OwnerReference) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, OwnerReferences: owners},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}, Template: drifted(name),
		},
	}
}

func (s *story) pod(name string, owners []metav1.OwnerReference) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, OwnerReferences: owners},
		Spec:       drifted(name).Spec,
	}
}

func TestEveryKindIsJudged(t *testing.T) {
	s := newStory(t)
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: s.namespace, Name: name} }
	selector := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	}
	job := batchv1.JobSpec{Template: drifted("job")}
	job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	rc := drifted("rc")
	for _, obj := range []client.Object{
		s.deployment("deployment", hostPID),
		&appsv1.StatefulSet{ObjectMeta: meta("statefulset"), Spec: appsv1.StatefulSetSpec{Selector: selector("sts"), Template: drifted("sts")}},
		&appsv1.DaemonSet{ObjectMeta: meta("daemonset"), Spec: appsv1.DaemonSetSpec{Selector: selector("ds"), Template: drifted("ds")}},
		s.replicaSet("replicaset", nil),
		&corev1.ReplicationController{ObjectMeta: meta("rc"), Spec: corev1.ReplicationControllerSpec{Selector: map[string]string{"app": "rc"}, Template: &rc}},
		&batchv1.Job{ObjectMeta: meta("job"), Spec: job},
		&batchv1.CronJob{ObjectMeta: meta("cronjob"), Spec: batchv1.CronJobSpec{Schedule: "0 * * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}}},
		s.pod("pod", nil),
	} {
		s.create(obj)
	}
	s.expect("CronJob cronjob: Drifted 1", "DaemonSet daemonset: Drifted 1", "Deployment deployment: Drifted 1", "Job job: Drifted 1",
		"Pod pod: Drifted 1", "ReplicaSet replicaset: Drifted 1", "ReplicationController rc: Drifted 1", "StatefulSet statefulset: Drifted 1")
}

func TestWhatADeploymentOwnsIsReportedOnTheDeployment(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api", hostPID)
	s.create(d)
	rs := s.replicaSet("api-5d4f", controlledBy("apps/v1", "Deployment", d.Name, d.UID))
	s.create(rs)
	s.create(s.pod("api-5d4f-x", controlledBy("apps/v1", "ReplicaSet", rs.Name, rs.UID)))
	s.expect("Deployment api: Drifted 1")
	s.Consistently(s.reports).Should(gomega.HaveLen(1))
}

func TestAJobOfACronJobIsReportedOnTheCronJob(t *testing.T) {
	s := newStory(t)
	job := batchv1.JobSpec{Template: drifted("job")}
	job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	cron := &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "nightly"},
		Spec:       batchv1.CronJobSpec{Schedule: "0 2 * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}},
	}
	s.create(cron)
	s.create(&batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "nightly-1", OwnerReferences: controlledBy("batch/v1", "CronJob", cron.Name, cron.UID)},
		Spec:       job,
	})
	s.expect("CronJob nightly: Drifted 1")
	s.Consistently(s.reports).Should(gomega.HaveLen(1))
	s.Expect(s.only().Status.Findings[0].Path).To(gomega.Equal("spec.jobTemplate.spec.template.spec.hostPID"))
}

func TestRevisionsOfACustomControllerAreReportedOnceUnderIt(t *testing.T) {
	s := newStory(t)
	rollout := controlledBy("argoproj.io/v1alpha1", "Rollout", "web", "11111111-2222-3333-4444-555555555555")
	s.create(s.replicaSet("web-1", rollout))
	s.create(s.replicaSet("web-2", rollout))
	s.expect("Rollout web: Drifted 1")
	target := s.only().Spec.Target
	s.Expect(target.APIVersion).To(gomega.Equal("argoproj.io/v1alpha1"))
	s.Expect(target.UID).To(gomega.Equal(rollout[0].UID))
}

func TestARevisionThatRunsNoPodsDoesNotCount(t *testing.T) {
	s := newStory(t)
	rollout := controlledBy("argoproj.io/v1alpha1", "Rollout", "web", "11111111-2222-3333-4444-555555555555")
	old := s.replicaSet("web-1", rollout)
	none := int32(0)
	old.Spec.Replicas = &none
	s.create(old)
	s.expect("Rollout web: Drifted 1") // the only revision there is would run
	current := s.replicaSet("web-2", rollout)
	current.Spec.Template.Spec.HostPID = false
	s.create(current)
	s.expect("Rollout web: Resolved 0")
	one := int32(1)
	s.change(old, "test", func() { old.Spec.Replicas = &one })
	s.expect("Rollout web: Drifted 1")
	s.remove(old)
	s.remove(current)
	s.expect()
}

func TestSeveralObjectsOfACustomControllerAreToldApart(t *testing.T) {
	s := newStory(t)
	kafka := controlledBy("kafka.example.com/v1", "Kafka", "events", "11111111-2222-3333-4444-555555555555")
	for _, name := range []string{"broker", "operator"} {
		d := s.deployment(name, hostPID)
		d.OwnerReferences = kafka
		s.create(d)
	}
	s.expect("Kafka events: Drifted 2")
	findings := s.only().Status.Findings
	s.Expect(findings[0].Path).To(gomega.Equal("deployments[broker].spec.template.spec.hostPID"))
	s.Expect(findings[1].Path).To(gomega.Equal("deployments[operator].spec.template.spec.hostPID"))
}

func TestAStaticPodIsATargetItself(t *testing.T) {
	s := newStory(t)
	s.create(s.pod("etcd-node-1", controlledBy("v1", "Node", "node-1", "11111111-2222-3333-4444-555555555555")))
	s.expect("Pod etcd-node-1: Drifted 1")
}

func TestADeploymentCannotHideBehindItself(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api", hostPID)
	s.create(d)
	s.expect("Deployment api: Drifted 1")
	s.change(d, "test", func() { d.OwnerReferences = controlledBy("apps/v1", "Deployment", d.Name, d.UID) })
	s.change(d, "test", func() { adds("NET_ADMIN")(d) })
	s.expect("Deployment api: Drifted 2")
}

func TestAPodThatEndsWithItsOwnerIsNoTarget(t *testing.T) {
	s := newStory(t)
	rs := s.replicaSet("web", nil)
	s.create(rs)
	pod := s.pod("web-1", controlledBy("apps/v1", "ReplicaSet", rs.Name, rs.UID))
	pod.Finalizers = []string{"test.plumbline.dev/hold"}
	s.create(pod)
	s.expect("ReplicaSet web: Drifted 1")
	s.remove(rs)
	s.remove(pod)
	s.expect()
	s.Consistently(s.reports, "5s").Should(gomega.BeEmpty())
	s.change(pod, "test", func() { pod.Finalizers = nil })
}

func TestAFalseOwnerHidesNothing(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api")
	s.create(d)
	s.create(s.pod("intruder", controlledBy("apps/v1", "ReplicaSet", "nobody", "11111111-2222-3333-4444-555555555555")))
	s.create(s.replicaSet("imposter", controlledBy("apps/v1", "Deployment", d.Name, "11111111-2222-3333-4444-555555555555")))
	s.create(s.pod("stowaway", controlledBy("apps/v1", "Deployment", d.Name, d.UID))) // Deployments make no pods
	s.expect("Pod intruder: Drifted 1", "Pod stowaway: Drifted 1", "ReplicaSet imposter: Drifted 1")
}

func TestWhatAFalseOwnerHidesIsJudgedAgainWhenItChanges(t *testing.T) {
	s := newStory(t)
	imposter := s.replicaSet("imposter", controlledBy("apps/v1", "Deployment", "nobody", "11111111-2222-3333-4444-555555555555"))
	imposter.Spec.Template.Spec.HostPID = false
	s.create(imposter)
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.change(imposter, "test", func() { imposter.Spec.Template.Spec.HostPID = true })
	s.expect("ReplicaSet imposter: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Workloads.HostPID = "" })
	s.expect("ReplicaSet imposter: Resolved 0")
}

func TestAnOrphanedReplicaSetBecomesATarget(t *testing.T) {
	s := newStory(t)
	d := s.deployment("api")
	s.create(d)
	rs := s.replicaSet("api-5d4f", controlledBy("apps/v1", "Deployment", d.Name, d.UID))
	s.create(rs)
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.change(rs, "test", func() { rs.OwnerReferences = nil })
	s.expect("ReplicaSet api-5d4f: Drifted 1")
	s.change(rs, "test", func() { rs.OwnerReferences = controlledBy("apps/v1", "Deployment", d.Name, d.UID) })
	s.expect()
}

func TestAnEphemeralContainerOfABarePodIsJudged(t *testing.T) {
	s := newStory(t)
	pod := s.pod("debugged", nil)
	pod.Spec.HostPID = false
	s.create(pod)
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: "debug", Image: "registry.example.com/debug:1.0", TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_PTRACE"}}},
	}}}
	s.Expect(admin.SubResource("ephemeralcontainers").Update(s.Context(), pod)).To(gomega.Succeed())
	s.expect("Pod debugged: Drifted 1")
	s.Expect(s.only().Status.Findings[0].Path).To(gomega.Equal("spec.ephemeralContainers[debug].securityContext.capabilities.add"))
}

func TestAnEphemeralContainerOfAnOwnedPodIsReportedOnThePod(t *testing.T) {
	s := newStory(t)
	rs := s.replicaSet("api", nil)
	rs.Spec.Template.Spec.HostPID = false
	s.create(rs)
	pod := s.pod("api-1", controlledBy("apps/v1", "ReplicaSet", rs.Name, rs.UID)) // weaker than its template, which is another story
	s.create(pod)
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: "debug", Image: "registry.example.com/debug:1.0", TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_PTRACE"}}},
	}}}
	s.Expect(admin.SubResource("ephemeralcontainers").Update(s.Context(), pod)).To(gomega.Succeed())
	s.expect("Pod api-1: Drifted 1")
	s.Expect(s.only().Status.Findings[0].Value).To(gomega.Equal("SYS_PTRACE"))
	s.remove(pod)
	s.expect()
}
