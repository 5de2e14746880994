package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func TestTheAPIServerOfATest(t *testing.T) {
	c := start(t, Options{Audit: true})
	ok := t.Run("applies manifests in the order they need", func(t *testing.T) { appliesManifests(t, c) }) &&
		t.Run("gives a ServiceAccount the rights of RBAC and no more", func(t *testing.T) { limitsServiceAccounts(t, c) }) &&
		t.Run("counts every write and nothing else", func(t *testing.T) { countsWrites(t, c) }) &&
		t.Run("keeps its address, its data and its count over a restart", func(t *testing.T) { keepsDataOverRestart(t, c) })
	if ok {
		t.Run("leaves no process and no directory", func(t *testing.T) { stopped(t, c) })
	}
}

func appliesManifests(t *testing.T, c *ControlPlane) {
	for range 2 { // applying again is fine
		if err := ApplyFiles(t.Context(), c.Config(), "testdata"); err != nil {
			t.Fatal(err)
		}
	}
	out := kubectl(t, c, "get", "--namespace=nursery", "toy", "ball", "--output=jsonpath={.spec.colour}")
	if out != "red" {
		t.Errorf("the toy that was applied is %q", out)
	}
	err := ApplyFiles(t.Context(), c.Config(), "testdata/none.yaml")
	if err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("applying a file that is not there: %v", err)
	}
}

func kubectl(t *testing.T, c *ControlPlane, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), c.Kubectl(), append(args, "--kubeconfig="+c.Kubeconfig(), "--cache-dir="+t.TempDir())...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
	return string(out)
}

func limitsServiceAccounts(t *testing.T, c *ControlPlane) {
	config, err := c.ServiceAccountConfig(t.Context(), "nursery", "guest")
	if err != nil {
		t.Fatal(err)
	}
	client := clientOf(t, config)
	if _, err := client.Discovery().ServerVersion(); err != nil {
		t.Error(err)
	}
	_, err = client.CoreV1().ConfigMaps("nursery").Create(t.Context(), configMap("toy-list"), metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("a ServiceAccount without a role creates a ConfigMap: %v", err)
	}
	_, err = c.ServiceAccountConfig(t.Context(), "nursery", "nobody")
	if err == nil || !strings.Contains(err.Error(), "apply its manifest first") {
		t.Errorf("a token for a ServiceAccount that is not there: %v", err)
	}
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func countsWrites(t *testing.T, c *ControlPlane) {
	const each = 50
	maps := clientOf(t, c.Config()).CoreV1().ConfigMaps("nursery")
	before := len(configMapWrites(t, c))
	for i := range each {
		made, err := maps.Create(t.Context(), configMap(fmt.Sprintf("map-%d", i)), metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := maps.Get(t.Context(), made.Name, metav1.GetOptions{}); err != nil { // not a write
			t.Fatal(err)
		}
		if _, err := maps.Update(t.Context(), made, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil { // neither
			t.Fatal(err)
		}
		if n := len(configMapWrites(t, c)) - before; n != i+1 {
			t.Fatalf("after %d writes %d are counted", i+1, n)
		}
	}
	if err := maps.Delete(t.Context(), "map-0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	writes := configMapWrites(t, c)
	last := writes[len(writes)-1]
	want := Write{Time: last.Time, User: "admin", Verb: "delete", Resource: "configmaps", Namespace: "nursery", Name: "map-0", Code: 200}
	if last != want {
		t.Errorf("the last write is %v, want %v", last, want)
	}
	if age := time.Since(last.Time); age < 0 || age > time.Minute {
		t.Errorf("the last write was made at %v", last.Time)
	}
	refused := func(w Write) bool { return w.User == "system:serviceaccount:nursery:guest" && w.Code == 403 }
	if !slices.ContainsFunc(writes, refused) {
		t.Errorf("the write that was forbidden is not among %v", writes)
	}
}

func configMapWrites(t *testing.T, c *ControlPlane) []Write {
	t.Helper()
	writes, err := c.Writes(t.Context(), func(w Write) bool { return w.Resource == "configmaps" && w.Namespace == "nursery" })
	if err != nil {
		t.Fatal(err)
	}
	return writes
}

func keepsDataOverRestart(t *testing.T, c *ControlPlane) {
	client := clientOf(t, c.Config())
	events, err := client.CoreV1().ConfigMaps("").Watch(t.Context(), metav1.ListOptions{}) // must not delay the stop
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	writes := len(configMapWrites(t, c))
	began := time.Now()
	if err := c.StopAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the API server stopped after %.1f s", time.Since(began).Seconds())
	if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(t.Context()).Error(); err == nil {
		t.Error("the API server still answers")
	}
	if n := len(configMapWrites(t, c)); n != writes {
		t.Errorf("%d writes are counted while the API server is stopped, not %d", n, writes)
	}
	began = time.Now()
	if err := c.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the API server started after %.1f s", time.Since(began).Seconds())
	if _, err := client.CoreV1().ConfigMaps("nursery").Get(t.Context(), "map-1", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	if err := client.CoreV1().ConfigMaps("nursery").Delete(t.Context(), "map-1", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if n := len(configMapWrites(t, c)); n != writes+1 {
		t.Errorf("%d writes are counted after the restart and one more, not %d", n, writes+1)
	}
	if err := c.StartAPIServer(t.Context()); err == nil {
		t.Error("an API server that runs could be started again")
	}
}

func TestADeploymentRunsOnFakeNodesAndItsPodsGoWithIt(t *testing.T) {
	c := start(t, Options{Workloads: true, Audit: true})
	client := clientOf(t, c.Config())
	deployment, err := client.AppsV1().Deployments("default").Create(t.Context(), shop(), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, func(ctx context.Context) error {
		d, err := client.AppsV1().Deployments("default").Get(ctx, deployment.Name, metav1.GetOptions{})
		if err == nil && d.Status.AvailableReplicas != 3 {
			err = fmt.Errorf("%d of 3 replicas are available", d.Status.AvailableReplicas)
		}
		return err
	})
	t.Logf("3 replicas were available after %.1f s", time.Since(began).Seconds())
	if err := client.AppsV1().Deployments("default").Delete(t.Context(), deployment.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	eventually(t, func(ctx context.Context) error { return noPods(ctx, client) })
	t.Logf("its pods were gone after %.1f s", time.Since(began).Seconds())
	bySelf := func(w Write) bool { return w.User == "system:serviceaccount:kube-system:generic-garbage-collector" }
	if writes, err := c.Writes(t.Context(), bySelf); err != nil || len(writes) == 0 {
		t.Errorf("the garbage collector wrote %v (%v)", writes, err)
	}
	stopped(t, c)
}

func shop() *appsv1.Deployment {
	replicas := int32(3)
	labels := map[string]string{"app": "shop"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "shop", Image: "shop:1"}}},
			},
		},
	}
}

func noPods(ctx context.Context, client kubernetes.Interface) error {
	pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
	if err == nil && len(pods.Items) > 0 {
		err = errors.New("pods are still there, such as " + pods.Items[0].Name)
	}
	return err
}
