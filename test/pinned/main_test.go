// Package pinned_test holds internal/pinned against a real API server: what is written in a file, and what the server makes
// of it, must be the same object.
package pinned_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/hack/controlplane"
)

// server is the one API server of this test binary. It starts when the first test asks for it.
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

// startServer starts a control plane with what makes ServiceAccounts, gathers ClusterRoles and admits pods as a cluster does.
func startServer() (client.Client, error) {
	ctx := context.Background()
	var err error
	if started, err = controlplane.Start(ctx, controlplane.Options{Workloads: true, Nodes: 1}); err != nil {
		return nil, err
	}
	config := started.Config()
	config.QPS, config.Burst, config.WarningHandler = 500, 500, rest.NoWarnings{}
	return client.New(config, client.Options{Scheme: scheme.Scheme})
}

func onServer(t *testing.T) client.Client {
	t.Helper()
	c, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// objects returns the objects of a file.
func objects(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		obj := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &obj.Object); err != nil || len(obj.Object) == 0 {
			continue // comments, and files that are wrong on purpose
		}
		all = append(all, obj)
	}
}
