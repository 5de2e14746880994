// Package snapshot_test takes snapshots of a real cluster, and holds them against it.
package snapshot_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/hack/controlplane"
)

// samples are applied to the cluster before anything is written down, after their CRDs.
var samples = []string{"../../config/crd/bases", "testdata/world", "../../config/samples/shop.yaml", "../../config/samples/cfostest.yaml"}

// server is the one cluster of this test binary. It starts when the first test asks for it.
var (
	server  = sync.OnceValues(startServer)
	started *controlplane.ControlPlane
)

func TestMain(m *testing.M) {
	code := m.Run()
	if started != nil {
		if err := started.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// startServer starts a cluster in which controllers make what they make, and applies the samples.
func startServer() (client.Client, error) {
	ctx := context.Background()
	var err error
	if started, err = controlplane.Start(ctx, controlplane.Options{Workloads: true, Nodes: 1}); err != nil {
		return nil, err
	}
	config := started.Config()
	config.QPS, config.Burst, config.WarningHandler = 500, 500, rest.NoWarnings{}
	if err := controlplane.ApplyFiles(ctx, config, samples...); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}

func onServer(t *testing.T) client.Client {
	t.Helper()
	c, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
