// Package config_test holds what config/ installs against a real API server, and against the rules that the operator
// itself asks of others.
package config_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

const (
	configDir = "../../config"
	namespace = "plumbline-system"
	manager   = "plumbline-manager"
)

// server is the one API server of this test binary. It starts when the first test asks for it, so that the tests of
// the YAML alone do not wait for it.
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

func startServer() (_ *controlplane.ControlPlane, err error) {
	started, err = controlplane.Start(context.Background(), controlplane.Options{})
	return started, err
}

// onServer runs kubectl against the server and returns what it prints, warnings included.
func onServer(t *testing.T, args ...string) string {
	t.Helper()
	plane, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return kubectl(t, append([]string{"--kubeconfig", plane.Kubeconfig()}, args...)...)
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	dir, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(dir, binaries.Kubectl), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// render returns the objects of a directory of config/, as kubectl makes them.
func render(t *testing.T, dir string) []*unstructured.Unstructured {
	t.Helper()
	return parse(t, []byte(kubectl(t, "kustomize", filepath.Join(configDir, dir))))
}

// renderFile returns the objects of a file of config/.
func renderFile(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(configDir, file))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

func parse(t *testing.T, data []byte) []*unstructured.Unstructured {
	t.Helper()
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var objects []*unstructured.Unstructured
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		obj := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(doc, &obj.Object); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, obj)
	}
}

// all returns the objects of a kind as the Go type. Fields that the type does not have are mistakes.
func all[T any](t *testing.T, objects []*unstructured.Unstructured, kind string) []T {
	t.Helper()
	var found []T
	for _, obj := range objects {
		if obj.GetKind() != kind {
			continue
		}
		var typed T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, &typed, true); err != nil {
			t.Fatalf("%s %s: %v", kind, obj.GetName(), err)
		}
		found = append(found, typed)
	}
	if len(found) == 0 {
		t.Fatalf("there is no %s", kind)
	}
	return found
}
