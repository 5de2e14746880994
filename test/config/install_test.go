package config_test

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The API server checks every field, and warns of workloads that the Pod Security labels of their namespace would not
// let run.
func TestOneCommandInstallsTheOperatorWithoutAWarning(t *testing.T) {
	install(t)
	applied := apply(t, "default")
	if want := len(render(t, "default")); strings.Count(applied, "serverside-applied") != want {
		t.Errorf("want %d objects applied:\n%s", want, applied)
	}
}

func TestTheOptionalPartsApply(t *testing.T) {
	install(t)
	apply(t, "network-policy")
	// A ServiceMonitor needs a CRD that is not ours: it must at least render, for the Service that is there.
	monitors := render(t, "prometheus")
	if len(monitors) != 1 || monitors[0].GetKind() != "ServiceMonitor" || monitors[0].GetNamespace() != namespace {
		t.Errorf("want one ServiceMonitor in %s, got %v", namespace, monitors)
	}
}

func TestTheSamplesApplyWithoutAWarning(t *testing.T) {
	install(t)
	apply(t, "samples")
}

// Tests and people apply single files, so the names in them are those in the cluster: kustomize adds labels, no more.
func TestFilesHoldTheFinalNames(t *testing.T) {
	want := []string{
		"ClusterRole/plumbline-driftreport-admin",
		"ClusterRole/plumbline-driftreport-editor",
		"ClusterRole/plumbline-driftreport-viewer",
		"ClusterRole/plumbline-manager",
		"ClusterRole/plumbline-metrics-reader",
		"ClusterRole/plumbline-securitybaseline-admin",
		"ClusterRole/plumbline-securitybaseline-editor",
		"ClusterRole/plumbline-securitybaseline-viewer",
		"ClusterRoleBinding/plumbline-manager",
		"CustomResourceDefinition/driftreports.plumbline.dev",
		"CustomResourceDefinition/securitybaselines.plumbline.dev",
		"Deployment/plumbline-system/plumbline-manager",
		"Namespace/plumbline-system",
		"Role/plumbline-system/plumbline-manager",
		"RoleBinding/plumbline-system/plumbline-leader-election",
		"Service/plumbline-system/plumbline-manager-metrics",
		"ServiceAccount/plumbline-system/plumbline-manager",
	}
	together := names(render(t, "default"))
	if diff := cmp.Diff(want, together); diff != "" {
		t.Errorf("config/default (-want +got):\n%s", diff)
	}
	apart := names(render(t, "crd"), render(t, "rbac"), render(t, "manager"), renderFile(t, "default/metrics_service.yaml"))
	if diff := cmp.Diff(together, apart); diff != "" {
		t.Errorf("config/default renames what it is made of (-default +parts):\n%s", diff)
	}
}

func TestEverythingIsLabelledAsOurs(t *testing.T) {
	for _, obj := range render(t, "default") {
		for _, label := range []string{"app.kubernetes.io/name", "app.kubernetes.io/part-of"} {
			if got := obj.GetLabels()[label]; got != "plumbline" {
				t.Errorf("%s %s: label %s is %q", obj.GetKind(), obj.GetName(), label, got)
			}
		}
	}
}

func TestTheMetricsServiceFindsTheManager(t *testing.T) {
	objects := render(t, "default")
	pod := managerDeployment(t).Spec.Template
	service := all[corev1.Service](t, objects, "Service")[0]
	for name, value := range service.Spec.Selector {
		if pod.Labels[name] != value {
			t.Errorf("selects %s=%s, but the pod has %q", name, value, pod.Labels[name])
		}
	}
	port := service.Spec.Ports[0]
	for _, p := range pod.Spec.Containers[0].Ports {
		if p.Name == port.TargetPort.StrVal && p.ContainerPort == port.Port {
			return
		}
	}
	t.Errorf("no port %s with number %d in %v", port.TargetPort.StrVal, port.Port, pod.Spec.Containers[0].Ports)
}

// install brings the operator's objects to the server, on which other tests may have been before.
func install(t *testing.T) {
	t.Helper()
	apply(t, "default")
	onServer(t, "wait", "--for=condition=Established", "--timeout=60s", "crd", "-l", "app.kubernetes.io/name=plumbline")
}

// apply applies a directory of config/ and returns what kubectl prints. A warning is an error.
func apply(t *testing.T, dir string) string {
	t.Helper()
	out := onServer(t, "apply", "--server-side", "--validate=strict", "-k", filepath.Join(configDir, dir))
	if strings.Contains(strings.ToLower(out), "warning") {
		t.Errorf("kubectl apply -k config/%s warns:\n%s", dir, out)
	}
	return out
}

func names(lists ...[]*unstructured.Unstructured) []string {
	var found []string
	for _, objects := range lists {
		for _, obj := range objects {
			found = append(found, path.Join(obj.GetKind(), obj.GetNamespace(), obj.GetName()))
		}
	}
	slices.Sort(found)
	return found
}
