package controlplane

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

// startEtcd starts etcd on two free ports. It does not wait for its disk: the data need not survive the machine.
func (c *ControlPlane) startEtcd(ctx context.Context) error {
	clients, err := freePort()
	if err != nil {
		return err
	}
	peers, err := freePort()
	if err != nil {
		return err
	}
	data := filepath.Join(c.dir, "etcd")
	if err := os.RemoveAll(data); err != nil { // of an attempt on ports that were taken
		return err
	}
	c.etcdURL = "http://" + address(clients)
	peerURL := "http://" + address(peers)
	c.options.Log("starting etcd")
	c.etcd, err = c.startProcess(binaries.Etcd,
		"--data-dir="+data,
		"--listen-client-urls="+c.etcdURL,
		"--advertise-client-urls="+c.etcdURL,
		"--listen-peer-urls="+peerURL,
		"--initial-advertise-peer-urls="+peerURL,
		"--initial-cluster=default="+peerURL,
		"--unsafe-no-fsync",
		"--quota-backend-bytes="+strconv.Itoa(8<<30), // many reports, many times: the usual 2 GiB is for disks
	)
	if err != nil {
		return err
	}
	return waitReady(ctx, func(ctx context.Context) error { return getOK(ctx, c.etcdURL+"/health") }, c.etcd)
}

// getOK is an error unless the address answers with 200.
func getOK(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

// startNewAPIServer chooses the API server's port, writes it to the kubeconfig files, and starts it.
func (c *ControlPlane) startNewAPIServer(ctx context.Context) error {
	var err error
	if c.port, err = freePort(); err != nil {
		return err
	}
	for user := range users {
		if err := WriteKubeconfig(filepath.Join(c.dir, kubeconfigName(user)), c.config(user)); err != nil {
			return err
		}
	}
	return c.startAPIServer(ctx)
}

func (c *ControlPlane) startAPIServer(ctx context.Context) error {
	args := []string{
		"--etcd-servers=" + c.etcdURL,
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(c.port),
		"--tls-cert-file=" + c.identity.certFile,
		"--tls-private-key-file=" + c.identity.keyFile,
		"--token-auth-file=" + c.identity.tokensFile,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.identity.serviceAccountKey,
		"--service-account-signing-key-file=" + c.identity.serviceAccountKey,
		"--service-cluster-ip-range=10.0.0.0/16",
		"--allow-privileged=true",
		// A loopback address cannot be an endpoint of the Service kubernetes, and nobody looks for one.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		// Without this, a stop waits for the clients to end their watches.
		"--shutdown-watch-termination-grace-period=2s",
	}
	if !c.options.Workloads {
		args = append(args, "--disable-admission-plugins=ServiceAccount")
	}
	if c.audit != nil {
		args = append(args, c.audit.flags()...)
	}
	args = append(args, c.options.APIServerFlags...)
	c.options.Log("starting kube-apiserver on %s", address(c.port))
	var err error
	if c.apiServer, err = c.startProcess(binaries.APIServer, args...); err != nil {
		return err
	}
	config := c.config(admin)
	config.Timeout = 5 * time.Second
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return waitReady(ctx, func(ctx context.Context) error { return apiReady(ctx, client) }, c.apiServer)
}

// apiReady is an error until the API server is ready and has made the namespace default, which it does a moment later.
func apiReady(ctx context.Context, client kubernetes.Interface) error {
	if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil {
		return err
	}
	_, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
	return err
}

// StopAPIServer stops the API server, and nothing else: to its clients, an outage. Requests that are being answered get
// up to 20 seconds, or until the context ends.
func (c *ControlPlane) StopAPIServer(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.options.Log("stopping kube-apiserver")
	if err := c.apiServer.stop(ctx); err != nil {
		return err
	}
	if c.audit != nil {
		return c.audit.serverStopped()
	}
	return nil
}

// SetAPIServerFlags says with which further flags the API server is next started, in the place of those of Options.
func (c *ControlPlane) SetAPIServerFlags(flags ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.options.APIServerFlags = flags
}

// StartAPIServer starts the API server after StopAPIServer, on the same port, with the same certificates and data, and
// returns when it is ready.
func (c *ControlPlane) StartAPIServer(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.apiServer == nil || !c.apiServer.settled.Load() {
		return fmt.Errorf("kube-apiserver was not stopped: call StopAPIServer before StartAPIServer")
	}
	return c.startAPIServer(ctx)
}
