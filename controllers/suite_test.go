package controllers_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/internal/engine"
)

const (
	operatorNamespace = "plumbline-system"
	operatorAccount   = "plumbline-manager"
	operatorUser      = "system:serviceaccount:" + operatorNamespace + ":" + operatorAccount
)

// What all stories of the suite share: one API server, and on it one operator, which runs as its own ServiceAccount
// under exactly the permissions that it ships.
var (
	plane    *controlplane.ControlPlane
	admin    client.Client
	operator *runningOperator
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runSuite(m))
}

func runSuite(m *testing.M) (code int) {
	setLogger()
	ctx := context.Background()
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{Audit: true}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if code != 0 {
			plane.KeepDir()
			fmt.Fprintln(os.Stderr, "the logs of the control plane are in", plane.Dir())
		}
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := install(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if operator, err = startOperator(ctx, controllers.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = m.Run()
	if err := operator.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// setLogger sends what the operator logs nowhere, unless the tests are verbose.
func setLogger() {
	logger := logr.Discard()
	if testing.Verbose() {
		logger = zap.New(zap.WriteTo(os.Stderr))
	}
	log.SetLogger(logger)
	klog.SetLogger(logger)
}

func install(ctx context.Context) error {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if admin, err = client.New(plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	config := filepath.Join("..", "config")
	return controlplane.ApplyFiles(ctx, plane.Config(), filepath.Join(config, "crd", "bases"),
		filepath.Join(config, "manager", "namespace.yaml"), filepath.Join(config, "rbac"))
}

// evaluations counts how often the made-up check ran on objects that bear this label.
var evaluations atomic.Int64

const countLabel = "test.plumbline.dev/count"

// madeUpChecks judge fields that every kind of pod has, so that these stories do not depend on what checks there are:
// made-up-pid finds pods in the host's process namespace, made-up-capability each added capability, and made-up-token pods
// that have a token mounted, for which it needs their ServiceAccount.
func madeUpChecks() []engine.Check {
	return append(append(madeUpNetworkChecks(), madeUpNamedChecks()...), []engine.Check{{
		ID: "made-up-pid", Severity: v1alpha1.SeverityCritical, Remediation: "Remove hostPID.",
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Workloads.HostPID != "" },
		Run: func(in *engine.Input) []engine.Finding {
			if in.Workload.Meta.Labels[countLabel] != "" {
				evaluations.Add(1)
			}
			if !in.Workload.Pod.HostPID {
				return nil
			}
			return []engine.Finding{{Path: in.Workload.Path("hostPID"), Value: "true", Expected: "false", Message: "The pod is in the host's process namespace."}}
		},
	}, {
		ID: "made-up-capability", Severity: v1alpha1.SeverityHigh, Remediation: "Remove the capability.",
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Workloads.Capabilities.AllowedAdd != nil },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			for c := range in.Workload.Containers() {
				if c.Security().Capabilities == nil {
					continue
				}
				for _, capability := range c.Security().Capabilities.Add {
					findings = append(findings, engine.Finding{
						Container: c.Name, Path: c.Path("securityContext.capabilities.add"), Value: string(capability),
						Message: fmt.Sprintf("Container %s adds capability %s.", c.Name, capability),
					})
				}
			}
			return findings
		},
	}, madeUpDangling(), madeUpTokenCheck(), madeUpExecCheck(), madeUpRunningCheck(), madeUpGuardrailCheck()}...)
}

// story is a namespace with a baseline that covers it and nothing else.
type story struct {
	*testing.T
	*gomega.WithT
	namespace string
	baseline  string
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := storyWithoutBaseline(t)
	s.create(s.newBaseline(nil))
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Evaluated"))
	return s
}

func storyWithoutBaseline(t *testing.T) *story {
	t.Helper()
	s := &story{T: t, WithT: gomega.NewWithT(t)}
	s.SetDefaultEventuallyTimeout(20 * time.Second)
	s.SetDefaultEventuallyPollingInterval(10 * time.Millisecond)
	s.SetDefaultConsistentlyDuration(500 * time.Millisecond)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "story-"}}
	s.create(namespace)
	s.namespace, s.baseline = namespace.Name, namespace.Name
	t.Cleanup(func() {
		_ = admin.Delete(context.Background(), s.newBaseline(nil))
		s.forgotten()
	})
	return s
}

// forgotten waits until the reports in the operator's namespace are gone that speak of the story's baseline, so that the next story
// does not see how they go.
func (s *story) forgotten() {
	_ = wait.PollUntilContextTimeout(context.Background(), 50*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		var list v1alpha1.DriftReportList
		err := admin.List(ctx, &list, client.InNamespace(operatorNamespace))
		return err == nil && !slices.ContainsFunc(list.Items, func(r v1alpha1.DriftReport) bool {
			return slices.Contains(r.Status.Baselines, s.baseline)
		}), nil
	})
}

func (s *story) newBaseline(change func(*v1alpha1.SecurityBaselineSpec)) *v1alpha1.SecurityBaseline {
	sb := &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: s.baseline},
		Spec: v1alpha1.SecurityBaselineSpec{
			Scope: v1alpha1.Scope{Namespaces: v1alpha1.NamespaceNames{Include: []v1alpha1.NameGlob{v1alpha1.NameGlob(s.namespace)}}},
			Workloads: v1alpha1.Workloads{
				HostPID: v1alpha1.RuleForbidden, Capabilities: v1alpha1.Capabilities{AllowedAdd: []v1alpha1.Capability{}},
			},
		},
	}
	if change != nil {
		change(&sb.Spec)
	}
	return sb
}

// declare changes the spec of the story's baseline, and waits until the operator knows.
func (s *story) declare(change func(*v1alpha1.SecurityBaselineSpec)) {
	s.Helper()
	sb := s.getBaseline()
	before := sb.DeepCopy()
	change(&sb.Spec)
	s.Expect(admin.Patch(s.Context(), sb, client.MergeFrom(before))).To(gomega.Succeed())
	s.Eventually(func() string { return s.condition("Ready").Reason }).ShouldNot(gomega.BeElementOf("", v1alpha1.ReasonEvaluating))
}

func (s *story) getBaseline() *v1alpha1.SecurityBaseline {
	s.Helper()
	sb := &v1alpha1.SecurityBaseline{}
	s.Expect(admin.Get(s.Context(), client.ObjectKey{Name: s.baseline}, sb)).To(gomega.Succeed())
	return sb
}

// condition returns a condition of the baseline that speaks of its present generation.
func (s *story) condition(kind string) metav1.Condition {
	sb := s.getBaseline()
	for _, condition := range sb.Status.Conditions {
		if condition.Type == kind && condition.ObservedGeneration == sb.Generation {
			return condition
		}
	}
	return metav1.Condition{}
}

func (s *story) create(obj client.Object) {
	s.Helper()
	s.Expect(admin.Create(s.Context(), obj)).To(gomega.Succeed())
}

// change patches an object as a manager.
func (s *story) change(obj client.Object, manager string, change func()) {
	s.Helper()
	before, ok := obj.DeepCopyObject().(client.Object)
	s.Expect(ok).To(gomega.BeTrue())
	change()
	s.Expect(admin.Patch(s.Context(), obj, client.MergeFrom(before), client.FieldOwner(manager))).To(gomega.Succeed())
}

func (s *story) remove(obj client.Object) {
	s.Helper()
	s.Expect(admin.Delete(s.Context(), obj, client.GracePeriodSeconds(0))).To(gomega.Succeed())
}

// reports returns the reports in the namespace, as "Kind name: State findings".
func (s *story) reports() []string {
	var lines []string
	for _, r := range s.fullReports() {
		lines = append(lines, fmt.Sprintf("%s %s: %s %d", r.Spec.Target.Kind, r.Spec.Target.Name, r.Status.State, r.Status.Summary.Findings))
	}
	slices.Sort(lines)
	return lines
}

func (s *story) fullReports() []v1alpha1.DriftReport {
	var list v1alpha1.DriftReportList
	s.Expect(admin.List(s.Context(), &list, client.InNamespace(s.namespace))).To(gomega.Succeed())
	return list.Items
}

// expect waits until the reports are these, and no others.
func (s *story) expect(lines ...string) {
	s.Helper()
	if len(lines) == 0 {
		s.Eventually(s.reports).Should(gomega.BeEmpty())
		return
	}
	s.Eventually(s.reports).Should(gomega.Equal(lines))
}

// only returns the one report that there is.
func (s *story) only() v1alpha1.DriftReport {
	s.Helper()
	reports := s.fullReports()
	s.Expect(reports).To(gomega.HaveLen(1))
	return reports[0]
}

// deployment is a minimal valid Deployment.
func (s *story) deployment(name string, change ...func(*appsv1.Deployment)) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, Labels: labels},
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)},
	}
	for _, c := range change {
		c(d)
	}
	return d
}

func template(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1.0"}}},
	}
}

func hostPID(d *appsv1.Deployment) { d.Spec.Template.Spec.HostPID = true }

func adds(capabilities ...corev1.Capability) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: capabilities}}
	}
}

// writes returns what the operator wrote since a moment, apart from its lease, as "verb resource".
func (s *story) writes(since time.Time) []string {
	s.Helper()
	all, err := plane.Writes(s.Context(), func(w controlplane.Write) bool {
		return w.User == operatorUser && w.Resource != "leases" && !w.Time.Before(since)
	})
	s.Expect(err).NotTo(gomega.HaveOccurred())
	var lines []string
	for _, w := range all {
		lines = append(lines, fmt.Sprintf("%s %s %s/%s", w.Verb, w.Resource, w.Namespace, w.Name))
	}
	return lines
}

// events returns the Events on an object, as "Reason: note".
func (s *story) events(name string) []string {
	var list corev1.EventList
	s.Expect(admin.List(s.Context(), &list)).To(gomega.Succeed())
	var lines []string
	for _, e := range list.Items {
		if e.InvolvedObject.Name == name && (e.InvolvedObject.Namespace == s.namespace || e.InvolvedObject.Namespace == "") {
			lines = append(lines, e.Reason+": "+e.Message)
		}
	}
	return lines
}
