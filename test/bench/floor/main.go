// Command floor is what the bench measures the operator against: a bare controller-runtime program that watches
// Deployments and creates one DriftReport for each that bears the label, always the same, judging nothing. Whoever watches and writes
// through controller-runtime cannot be cheaper.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/manager/signals"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// label marks the Deployments that get an object; workers is what the operator has too.
const (
	label   = "bench.plumbline.dev/drifted"
	workers = 4
)

func main() {
	config.RegisterFlags(flag.CommandLine)
	flag.Parse()
	log.SetLogger(zap.New())
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run() error {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	mgr, err := manager.New(config.GetConfigOrDie(), manager.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	err = builder.ControllerManagedBy(mgr).For(&appsv1.Deployment{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{}, write(ctx, mgr.GetClient(), request)
		}))
	if err != nil {
		return err
	}
	return mgr.Start(signals.SetupSignalHandler())
}

func write(ctx context.Context, c client.Client, request reconcile.Request) error {
	var d appsv1.Deployment
	if err := c.Get(ctx, request.NamespacedName, &d); err != nil {
		return client.IgnoreNotFound(err)
	}
	if d.Labels[label] == "" {
		return nil
	}
	return client.IgnoreAlreadyExists(c.Create(ctx, report(&d)))
}

// report says the same of every Deployment, and as much as the operator says of the drifted ones of the bench: what the
// API server takes to store a report is not what judging costs.
func report(d *appsv1.Deployment) *v1alpha1.DriftReport {
	at := d.CreationTimestamp
	const check, baseline, value = "added-capability", "bench", "NET_ADMIN"
	return &v1alpha1.DriftReport{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: d.Name, Labels: map[string]string{"app.kubernetes.io/managed-by": "floor"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: d.Name, UID: d.UID}},
		},
		Spec: v1alpha1.DriftReportSpec{Target: v1alpha1.TargetReference{
			APIVersion: "apps/v1", Kind: "Deployment", Namespace: d.Namespace, Name: d.Name, UID: d.UID,
		}},
		Status: v1alpha1.DriftReportStatus{
			State: v1alpha1.StateDrifted, Severity: v1alpha1.SeverityHigh, TargetGeneration: 1, Baselines: []string{baseline},
			Summary:       v1alpha1.ReportSummary{Findings: 1, SeverityCounts: v1alpha1.SeverityCounts{High: 1}},
			FirstDetected: &at,
			Conditions: []metav1.Condition{
				{Type: v1alpha1.ConditionDrifted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonFindingsOpen, Message: "1 finding is open.", LastTransitionTime: at},
				{Type: v1alpha1.ConditionEvaluated, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAllChecksEvaluated, Message: "Every check was made.", LastTransitionTime: at},
			},
			Findings: []v1alpha1.Finding{{
				Check: check, Baseline: baseline, Severity: v1alpha1.SeverityHigh, Container: "app",
				Path:  "spec.template.spec.containers[app].securityContext.capabilities.add",
				Value: value, Expected: "one of: NET_BIND_SERVICE", Actual: value,
				Message:     "Container app adds capability NET_ADMIN, which baseline bench does not allow.",
				Remediation: "Remove NET_ADMIN from securityContext.capabilities.add.", Origin: v1alpha1.OriginTemplate, FirstSeen: &at,
				LastChange: &v1alpha1.Change{
					Manager: "bench", Operation: metav1.ManagedFieldsOperationUpdate, Time: &at,
					Class: v1alpha1.ManagerOutOfBand, Confidence: v1alpha1.ConfidenceHigh,
				},
			}},
			History: []v1alpha1.HistoryEntry{{
				Time: at, Type: v1alpha1.HistoryOpened, Check: check, Baseline: baseline, Container: "app", Value: value, Manager: "bench",
			}},
		},
	}
}
