package controlplane

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

// schedulerConfig is a file because the flags for the limits of requests are no more. %q is the kubeconfig's path.
const schedulerConfig = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection:
  kubeconfig: %q
  qps: 1000
  burst: 2000
leaderElection:
  leaderElect: false
`

// startWorkloads starts what makes workloads run, creates the nodes and waits until they take pods.
func (c *ControlPlane) startWorkloads(ctx context.Context) error {
	schedulerFile := filepath.Join(c.dir, "kube-scheduler.yaml")
	content := fmt.Sprintf(schedulerConfig, filepath.Join(c.dir, kubeconfigName(scheduler)))
	if err := os.WriteFile(schedulerFile, []byte(content), 0o600); err != nil {
		return err
	}
	for _, command := range [][]string{
		{
			binaries.ControllerManager,
			"--kubeconfig=" + filepath.Join(c.dir, kubeconfigName(controllerManager)),
			"--service-account-private-key-file=" + c.identity.serviceAccountKey,
			"--root-ca-file=" + c.identity.certFile,
			"--use-service-account-credentials=true", // each controller has its own name in the audit log
			"--leader-elect=false",
			"--secure-port=0",
			"--kube-api-qps=1000",
			"--kube-api-burst=2000",
		},
		{binaries.Scheduler, "--config=" + schedulerFile, "--secure-port=0"},
		{
			binaries.Kwok,
			"--kubeconfig=" + filepath.Join(c.dir, kubeconfigName(kwokUser)),
			"--config=" + filepath.Join(c.binaries, binaries.KwokStages),
			"--manage-all-nodes=true",
			"--node-lease-duration-seconds=40", // without leases, nodes are given up after a minute
			"--cidr=10.64.0.0/10",              // the addresses of pods
		},
	} {
		c.options.Log("starting %s", command[0])
		p, err := c.startProcess(command[0], command[1:]...)
		if err != nil {
			return err
		}
		c.workloads = append(c.workloads, p)
	}
	return c.startNodes(ctx)
}

// startNodes creates the fake nodes and waits until pods can run on them.
func (c *ControlPlane) startNodes(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.config(admin))
	if err != nil {
		return err
	}
	for i := range c.options.Nodes {
		node := fakeNode(fmt.Sprintf("node-%d", i))
		_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("creating a node: %w", err)
		}
	}
	c.options.Log("waiting for %d nodes", c.options.Nodes)
	return waitReady(ctx, func(ctx context.Context) error { return podsCanRun(ctx, client) }, c.workloads...)
}

func fakeNode(name string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				corev1.LabelHostname:   name,
				corev1.LabelOSStable:   "linux",
				corev1.LabelArchStable: "amd64",
			},
		},
	}
}

// podsCanRun is an error until every node takes pods and there is a ServiceAccount for them.
func podsCanRun(ctx context.Context, client kubernetes.Interface) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if !nodeReady(node) {
			return fmt.Errorf("node %s is not ready", node.Name)
		}
		if len(node.Spec.Taints) > 0 {
			return fmt.Errorf("node %s has the taint %s", node.Name, node.Spec.Taints[0].Key)
		}
	}
	_, err = client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

func nodeReady(node corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
