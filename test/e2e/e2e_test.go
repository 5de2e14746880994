// Package e2e_test runs the program as it is shipped: built, installed from the files of config/, and under its own
// ServiceAccount with the permissions of config/rbac and no others, on a real control plane whose workloads run.
package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/hack/controlplane"
)

// What all tests share: one control plane, and on it one operator.
var (
	binary   string
	plane    *controlplane.ControlPlane
	admin    client.Client
	operator *program
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runSuite(m))
}

func runSuite(m *testing.M) (code int) {
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	dir, err := os.MkdirTemp("", "plumbline-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "plumbline")
	if err := prepare(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	} else {
		code = m.Run()
	}
	if code != 0 && plane != nil {
		plane.KeepDir()
		fmt.Fprintln(os.Stderr, "the logs of the control plane and of the operator are in", plane.Dir())
	}
	if err := stopAll(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// prepare builds the program, starts the control plane, installs what is in config/ and starts the program.
func prepare(ctx context.Context) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build plumbline: %w\n%s", err, out)
	}
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{Workloads: true, Audit: true}); err != nil {
		return err
	}
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if admin, err = client.New(plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	config := filepath.Join("..", "..", "config")
	if err := controlplane.ApplyFiles(ctx, plane.Config(), filepath.Join(config, "crd", "bases"),
		filepath.Join(config, "manager", "namespace.yaml"), filepath.Join(config, "rbac")); err != nil {
		return err
	}
	operator, err = startProgram(ctx)
	return err
}

func stopAll() error {
	var errs []error
	if operator != nil {
		_, err := operator.stop()
		errs = append(errs, err)
	}
	if plane != nil {
		errs = append(errs, plane.Stop())
	}
	return errors.Join(errs...)
}

// scene is a namespace with a baseline that allows no capability in it.
type scene struct {
	*testing.T
	*gomega.WithT
	namespace string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, WithT: gomega.NewWithT(t)}
	s.SetDefaultEventuallyTimeout(30 * time.Second)
	s.SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	s.SetDefaultConsistentlyDuration(time.Second)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "scene-"}}
	s.create(namespace)
	s.namespace = namespace.Name
	sb := &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: v1alpha1.SecurityBaselineSpec{
			Scope:     v1alpha1.Scope{Namespaces: v1alpha1.NamespaceNames{Include: []v1alpha1.NameGlob{v1alpha1.NameGlob(s.namespace)}}},
			Workloads: v1alpha1.Workloads{Capabilities: v1alpha1.Capabilities{AllowedAdd: []v1alpha1.Capability{}}},
		},
	}
	s.create(sb)
	t.Cleanup(func() { _ = admin.Delete(context.Background(), sb) })
	return s
}

func (s *scene) create(obj client.Object) {
	s.Helper()
	s.Expect(admin.Create(s.Context(), obj)).To(gomega.Succeed())
}

// get reads an object again.
func (s *scene) get(obj client.Object) error {
	return admin.Get(s.Context(), client.ObjectKeyFromObject(obj), obj)
}

func (s *scene) list(list client.ObjectList) error {
	return admin.List(s.Context(), list, client.InNamespace(s.namespace))
}

// reports returns the reports in the namespace, as "Kind name: State findings".
func (s *scene) reports() ([]string, error) {
	var list v1alpha1.DriftReportList
	lines := []string{}
	err := s.list(&list)
	for i := range list.Items {
		r := &list.Items[i]
		lines = append(lines, fmt.Sprintf("%s %s: %s %d", r.Spec.Target.Kind, r.Spec.Target.Name, r.Status.State, r.Status.Summary.Findings))
	}
	return lines, err
}

// expect waits until the reports are these, and then sees that they stay so.
func (s *scene) expect(lines ...string) {
	s.Helper()
	s.Eventually(s.reports).Should(gomega.ConsistOf(lines))
	s.Consistently(s.reports).Should(gomega.ConsistOf(lines))
}

// deployment returns a Deployment of two pods that adds a capability.
func (s *scene) deployment(name string) *appsv1.Deployment {
	labels, two := map[string]string{"app": name}, int32(2)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: drifted()},
		},
	}
}

func drifted() corev1.PodSpec {
	add := &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}}
	return corev1.PodSpec{Containers: []corev1.Container{{
		Name: "main", Image: "registry.example.com/main:1.0", SecurityContext: add,
	}}}
}

// runs waits until the pods of a Deployment run in its newest form, and it has so many ReplicaSets.
func (s *scene) runs(d *appsv1.Deployment, replicaSets int) {
	s.Helper()
	s.Eventually(func(g gomega.Gomega) {
		g.Expect(s.get(d)).To(gomega.Succeed())
		g.Expect(d.Status.ObservedGeneration).To(gomega.Equal(d.Generation))
		g.Expect(d.Status.UpdatedReplicas).To(gomega.Equal(int32(2)))
		g.Expect(d.Status.AvailableReplicas).To(gomega.Equal(int32(2)))
		g.Expect(d.Status.Replicas).To(gomega.Equal(int32(2)))
		var sets appsv1.ReplicaSetList
		g.Expect(s.list(&sets)).To(gomega.Succeed())
		g.Expect(sets.Items).To(gomega.HaveLen(replicaSets))
	}).Should(gomega.Succeed())
}

func TestADeploymentWithRunningPodsHasOneReportAndItsReplicaSetsAndPodsHaveNone(t *testing.T) {
	s := newScene(t)
	d := s.deployment("rolled")
	s.create(d)
	s.runs(d, 1)
	s.expect("Deployment rolled: Drifted 1")
	before := d.DeepCopy()
	d.Spec.Template.Spec.Containers[0].Image = "registry.example.com/main:2.0"
	d.Spec.Template.Spec.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"NET_ADMIN", "SYS_TIME"}
	s.Expect(admin.Patch(t.Context(), d, client.MergeFrom(before))).To(gomega.Succeed())
	s.runs(d, 2)
	s.expect("Deployment rolled: Drifted 2")
}

func TestADeletedDeploymentLeavesNoReport(t *testing.T) {
	s := newScene(t)
	d := s.deployment("deleted")
	s.create(d)
	s.runs(d, 1)
	s.expect("Deployment deleted: Drifted 1")
	s.Expect(admin.Delete(t.Context(), d)).To(gomega.Succeed())
	s.Eventually(s.reports).Should(gomega.BeEmpty())
	s.Eventually(func(g gomega.Gomega) {
		var pods corev1.PodList
		g.Expect(s.list(&pods)).To(gomega.Succeed())
		g.Expect(pods.Items).To(gomega.BeEmpty())
	}).Should(gomega.Succeed())
	s.expect()
}

func TestPodsThatEndAfterTheirDeploymentWasDeletedHaveNoReport(t *testing.T) {
	s := newScene(t)
	const hold = "test.plumbline.dev/hold" // pods of a real node take their time too
	d := s.deployment("ending")
	d.Spec.Template.Finalizers = []string{hold}
	s.create(d)
	s.runs(d, 1)
	s.expect("Deployment ending: Drifted 1")
	t.Cleanup(func() { s.release() })
	s.Expect(admin.Delete(t.Context(), d)).To(gomega.Succeed())
	s.Eventually(func(g gomega.Gomega) {
		var pods corev1.PodList
		g.Expect(s.list(&pods)).To(gomega.Succeed())
		g.Expect(pods.Items).To(gomega.HaveLen(2))
		for _, pod := range pods.Items {
			g.Expect(pod.DeletionTimestamp).NotTo(gomega.BeNil())
		}
	}).Should(gomega.Succeed())
	s.expect()
	created, err := plane.Writes(t.Context(), func(w controlplane.Write) bool {
		return w.User == operatorUser && w.Namespace == s.namespace && w.Resource == "driftreports" && w.Verb == "create"
	})
	s.Expect(err).NotTo(gomega.HaveOccurred())
	s.Expect(created).To(gomega.HaveLen(1), "only the Deployment ever had a report")
}

// release lets the pods go that a finalizer holds.
func (s *scene) release() {
	ctx := context.Background()
	var pods corev1.PodList
	s.Expect(admin.List(ctx, &pods, client.InNamespace(s.namespace))).To(gomega.Succeed())
	for i := range pods.Items {
		before := pods.Items[i].DeepCopy()
		pods.Items[i].Finalizers = nil
		s.Expect(client.IgnoreNotFound(admin.Patch(ctx, &pods.Items[i], client.MergeFrom(before)))).To(gomega.Succeed())
	}
}

func TestADeploymentOfTheSameNameAsADeletedOneHasAReportOfItsOwn(t *testing.T) {
	s := newScene(t)
	d := s.deployment("reborn")
	s.create(d)
	s.expect("Deployment reborn: Drifted 1")
	s.Expect(admin.Delete(t.Context(), d)).To(gomega.Succeed())
	again := s.deployment("reborn")
	s.create(again)
	s.Eventually(func(g gomega.Gomega) {
		var list v1alpha1.DriftReportList
		g.Expect(s.list(&list)).To(gomega.Succeed())
		g.Expect(list.Items).To(gomega.HaveLen(1))
		g.Expect(list.Items[0].Spec.Target.UID).To(gomega.Equal(again.UID))
	}).Should(gomega.Succeed())
	s.expect("Deployment reborn: Drifted 1")
}

func TestAJobIsReportedUnderItsCronJob(t *testing.T) {
	s := newScene(t)
	suspended := true
	c := &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "nightly"},
		Spec: batchv1.CronJobSpec{Schedule: "* * * * *", Suspend: &suspended, JobTemplate: batchv1.JobTemplateSpec{
			Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: drifted()}},
		}},
	}
	c.Spec.JobTemplate.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	s.create(c)
	s.runJob(c)
	s.expect("CronJob nightly: Drifted 1")
}

// runJob has the CronJob make its Job now: a run that was missed is made up for at once.
func (s *scene) runJob(c *batchv1.CronJob) {
	s.Helper()
	before := c.DeepCopy()
	c.Status.LastScheduleTime = &metav1.Time{Time: time.Now().Add(-2 * time.Minute)}
	s.Expect(admin.Status().Patch(s.Context(), c, client.MergeFrom(before))).To(gomega.Succeed())
	before = c.DeepCopy()
	*c.Spec.Suspend = false
	s.Expect(admin.Patch(s.Context(), c, client.MergeFrom(before))).To(gomega.Succeed())
	s.Eventually(func(g gomega.Gomega) {
		var jobs batchv1.JobList
		g.Expect(s.list(&jobs)).To(gomega.Succeed())
		g.Expect(jobs.Items).NotTo(gomega.BeEmpty())
		g.Expect(metav1.IsControlledBy(&jobs.Items[0], c)).To(gomega.BeTrue())
		var pods corev1.PodList
		g.Expect(s.list(&pods)).To(gomega.Succeed())
		g.Expect(pods.Items).NotTo(gomega.BeEmpty())
		g.Expect(pods.Items[0].Status.Phase).NotTo(gomega.Equal(corev1.PodPending))
	}).Should(gomega.Succeed())
}
