package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

// demo is the stage, and what happened on it so far.
type demo struct {
	*printer
	cancel   context.CancelCauseFunc
	root     string
	plane    *controlplane.ControlPlane
	operator *operator
	client   client.WithWatch

	baselines *sightings[*v1alpha1.SecurityBaseline]
	reports   *sightings[*v1alpha1.DriftReport]
	told      *sightings[*corev1.Event]
	workloads *sightings[*appsv1.Deployment]

	patched patched // the drift of act 2
	found   sighting[*v1alpha1.DriftReport]
	results []string
}

// prologue starts the control plane and the operator, and declares the baselines.
func (d *demo) prologue(ctx context.Context) error {
	d.say("Plumbline reports when what runs in a cluster has drifted from the security baseline that was declared.")
	d.title("Prologue: a cluster, and Plumbline in it")
	if err := d.startPlane(ctx); err != nil {
		return err
	}
	d.say("\nThe definitions of SecurityBaseline and DriftReport, and the permissions of the operator:\n")
	for _, args := range [][]string{
		{"apply", "-f", "config/manager/namespace.yaml", "-f", "config/crd/bases"},
		{"apply", "-k", "config/rbac"},
		{"wait", "--for=condition=Established", "crd/driftreports.plumbline.dev", "crd/securitybaselines.plumbline.dev"},
	} {
		if _, err := d.kubectl(ctx, args...); err != nil {
			return err
		}
	}
	d.say("The operator starts: bin/plumbline, as ServiceAccount %s of namespace %s, with the\n"+
		"permissions that were just applied and no others.", operatorAccount, operatorNamespace)
	if err := d.startOperator(ctx); err != nil {
		return err
	}
	d.say("It is ready.")
	return d.openEyes(ctx)
}

func (d *demo) startPlane(ctx context.Context) error {
	var err error
	if d.root, err = binaries.Root(); err != nil {
		return err
	}
	version, err := binaries.KubernetesVersion(d.root)
	if err != nil {
		return err
	}
	d.say("A real Kubernetes %s starts on this machine. Only its nodes are made up: their pods run nothing.", version)
	log := func(format string, args ...any) { d.say("  "+format, args...) }
	d.plane, err = controlplane.Start(ctx, controlplane.Options{Workloads: true, Log: log})
	return err
}

// openEyes starts the watches by which the demo measures.
func (d *demo) openEyes(ctx context.Context) error {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if d.client, err = client.NewWithWatch(d.plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if d.baselines, err = watch[*v1alpha1.SecurityBaseline](ctx, d.client, &v1alpha1.SecurityBaselineList{}); err != nil {
		return err
	}
	if d.reports, err = watch[*v1alpha1.DriftReport](ctx, d.client, &v1alpha1.DriftReportList{}); err != nil {
		return err
	}
	if d.workloads, err = watch[*appsv1.Deployment](ctx, d.client, &appsv1.DeploymentList{}); err != nil {
		return err
	}
	d.told, err = watch[*corev1.Event](ctx, d.client, &corev1.EventList{})
	return err
}

// stop stops everything.
func (d *demo) stop() error {
	err := d.operator.stop()
	if d.plane == nil {
		return err
	}
	return errors.Join(err, d.plane.Stop())
}

// relative returns a path as seen from the root of the repository.
func (d *demo) relative(elements ...string) string {
	path := filepath.Join(elements...)
	if short, err := filepath.Rel(d.root, path); err == nil {
		return short
	}
	return path
}

// judged waits until a baseline has judged so many objects, and all that it covers.
func (d *demo) judged(ctx context.Context, name string, objects int32) (sighting[*v1alpha1.SecurityBaseline], error) {
	what := fmt.Sprintf("SecurityBaseline %s with condition Ready and judged objects: %d", name, objects)
	return d.baselines.first(ctx, what, func(sb *v1alpha1.SecurityBaseline) bool {
		ready := meta.FindStatusCondition(sb.Status.Conditions, v1alpha1.ConditionReady)
		return sb.Name == name && ready != nil && ready.Status == "True" && ready.Reason == v1alpha1.ReasonEvaluated &&
			ready.ObservedGeneration == sb.Generation && sb.Status.Summary != nil && sb.Status.Summary.Objects == objects
	})
}

// compliantAgain waits until a baseline says that nothing has drifted: its status follows the reports after a second.
func (d *demo) compliantAgain(ctx context.Context, name string) error {
	return wait(ctx, "SecurityBaseline "+name+" is compliant", func(ctx context.Context) (bool, error) {
		var sb v1alpha1.SecurityBaseline
		err := d.client.Get(ctx, client.ObjectKey{Name: name}, &sb)
		return meta.IsStatusConditionTrue(sb.Status.Conditions, v1alpha1.ConditionCompliant), err
	})
}

// rolledOut waits until all pods of a Deployment are there in its newest form, and no others.
func (d *demo) rolledOut(ctx context.Context, namespace, name string) error {
	return wait(ctx, fmt.Sprintf("Deployment %s runs", name), func(ctx context.Context) (bool, error) {
		var deployment appsv1.Deployment
		if err := d.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &deployment); err != nil {
			return false, err
		}
		want, status := *deployment.Spec.Replicas, deployment.Status
		var pods corev1.PodList
		if err := d.client.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
			return false, err
		}
		return status.ObservedGeneration == deployment.Generation && status.Replicas == want &&
			status.UpdatedReplicas == want && status.AvailableReplicas == want && len(pods.Items) == int(want), nil
	})
}

// targets returns what the reports of the cluster are on.
func (d *demo) targets(ctx context.Context) ([]string, error) {
	var reports v1alpha1.DriftReportList
	if err := d.client.List(ctx, &reports); err != nil {
		return nil, err
	}
	var targets []string
	for i := range reports.Items {
		target := reports.Items[i].Spec.Target
		targets = append(targets, fmt.Sprintf("%s %s/%s", target.Kind, target.Namespace, target.Name))
	}
	return targets, nil
}
