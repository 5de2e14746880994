package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/hack/controlplane"
)

const (
	namespace = "bench"
	label     = "bench.plumbline.dev/drifted" // what the floor goes by
)

// cluster is a control plane with the operator's manifests in it.
type cluster struct {
	plane  *controlplane.ControlPlane
	client client.WithWatch
}

func newCluster(ctx context.Context) (*cluster, error) {
	plane, err := controlplane.Start(ctx, controlplane.Options{Audit: true})
	if err != nil {
		return nil, err
	}
	c := &cluster{plane: plane}
	if err := c.install(ctx); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return c, nil
}

func (c *cluster) install(ctx context.Context) error {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if c.client, err = client.NewWithWatch(c.plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	return controlplane.ApplyFiles(ctx, c.plane.Config(), filepath.Join("config", "crd", "bases"),
		filepath.Join("config", "manager", "namespace.yaml"), filepath.Join("config", "rbac"))
}

// create creates objects, several at a time.
func (c *cluster) create(ctx context.Context, objects []client.Object) error {
	const atOnce = 16
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan client.Object)
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for object := range work {
				if err := c.client.Create(ctx, object); err != nil {
					cancel(fmt.Errorf("create %T %s: %w", object, client.ObjectKeyFromObject(object), err))
				}
			}
		})
	}
	for _, object := range objects {
		if ctx.Err() != nil {
			break
		}
		work <- object
	}
	close(work)
	group.Wait()
	return context.Cause(ctx)
}

// world is a cluster with Deployments in it.
type world struct {
	*cluster
	seen *sightings
	even int // Deployments of even number are compliant; the next one to change
}

func newWorld(ctx context.Context, objects int) (*world, error) {
	c, err := newCluster(ctx)
	if err != nil {
		return nil, err
	}
	w := &world{cluster: c}
	if err := w.fill(ctx, objects); err != nil {
		return nil, errors.Join(err, c.plane.Stop())
	}
	return w, nil
}

func (w *world) fill(ctx context.Context, objects int) error {
	if err := w.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	if err := w.client.Create(ctx, hardened()); err != nil {
		return err
	}
	if err := w.create(ctx, deployments(objects)); err != nil {
		return err
	}
	var err error
	w.seen, err = watchReports(ctx, w.client)
	return err
}

// hardened declares the restricted standard, and besides it the rules that harden most.
func hardened() *v1alpha1.SecurityBaseline {
	return &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: "bench"},
		Spec: v1alpha1.SecurityBaselineSpec{
			Scope: v1alpha1.Scope{Namespaces: v1alpha1.NamespaceNames{Include: []v1alpha1.NameGlob{namespace}}},
			Workloads: v1alpha1.Workloads{
				PodSecurityStandard: v1alpha1.PodSecurityStandard{Level: v1alpha1.LevelRestricted, Version: "latest"},
				Privileged:          v1alpha1.RuleForbidden, AllowPrivilegeEscalation: v1alpha1.RuleForbidden,
				ReadOnlyRootFilesystem: v1alpha1.RuleRequired, RunAsNonRoot: v1alpha1.RuleRequired,
				Capabilities: v1alpha1.Capabilities{
					RequiredDrop: []v1alpha1.Capability{"ALL"}, AllowedAdd: []v1alpha1.Capability{"NET_BIND_SERVICE"},
				},
				SeccompProfile: v1alpha1.SeccompProfiles{Allowed: []v1alpha1.SeccompProfile{{Type: v1alpha1.SeccompRuntimeDefault}}},
				HostPID:        v1alpha1.RuleForbidden, HostIPC: v1alpha1.RuleForbidden, HostNetwork: v1alpha1.RuleForbidden,
			},
		},
	}
}

// deployments are the Deployments of the world, those of odd number drifted.
func deployments(number int) []client.Object {
	objects := make([]client.Object, number)
	for i := range objects {
		objects[i] = deployment(i, i%2 == 1)
	}
	return objects
}

func nameOf(i int) string { return fmt.Sprintf("app-%05d", i) }

// deployment has two containers that keep to the baseline, unless it is drifted.
func deployment(i int, drifted bool) *appsv1.Deployment {
	labels := map[string]string{"app": nameOf(i)}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: nameOf(i), Labels: map[string]string{"app": nameOf(i)}},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{container("app"), container("proxy")}},
			},
		},
	}
	if drifted {
		drift(d)
	}
	return d
}

// drift adds a capability, and the label that the floor goes by.
func drift(d *appsv1.Deployment) {
	d.Labels[label] = "true"
	d.Spec.Template.Spec.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"NET_ADMIN"}
}

func container(name string) corev1.Container {
	yes, no := true, false
	return corev1.Container{
		Name: name, Image: "registry.example.com/" + name + ":1.0",
		Env: []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}, {Name: "REGION", Value: "eu-central"}},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, RunAsNonRoot: &yes,
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

// waitForReports returns the seconds until the watch has seen n reports.
func (w *world) waitForReports(ctx context.Context, n int, since time.Time) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	at, err := w.seen.number(ctx, n)
	return at.Sub(since).Seconds(), err
}
