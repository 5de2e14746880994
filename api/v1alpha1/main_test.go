package v1alpha1_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/hack/controlplane"
)

var update = flag.Bool("update", false, "write the golden files anew")

const crdDir = "../../config/crd/bases"

// server is the one API server of this test binary. It starts when the first test asks for it, so that the tests of
// the YAML alone do not wait for it.
var (
	server  = sync.OnceValues(startServer)
	started *controlplane.ControlPlane
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // the tests look at answers, not at what the client says of them
	code := m.Run()
	if started != nil {
		if err := started.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func startServer() (*controlplane.ControlPlane, error) {
	ctx := context.Background()
	var err error
	if started, err = controlplane.Start(ctx, controlplane.Options{}); err != nil {
		return nil, err
	}
	return started, controlplane.ApplyFiles(ctx, started.Config(), crdDir)
}

func plane(t *testing.T) *controlplane.ControlPlane {
	t.Helper()
	running, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return running
}

// newClient returns a client that asks the server to refuse unknown fields, as kubectl does.
func newClient(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(plane(t).Config(), client.Options{Scheme: scheme, FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// baseline is a SecurityBaseline with the spec, in YAML.
func baseline(t *testing.T, name, spec string) *unstructured.Unstructured {
	t.Helper()
	return object(t, fmt.Sprintf("{apiVersion: plumbline.dev/v1alpha1, kind: SecurityBaseline, metadata: {name: %s}, spec: %s}", name, spec))
}

// podTarget is the target of the reports in these tests.
const podTarget = "{apiVersion: v1, kind: Pod, namespace: default, name: pod}"

// report is a DriftReport with the target and the status, both in YAML.
func report(t *testing.T, name, target, status string) *unstructured.Unstructured {
	t.Helper()
	return object(t, fmt.Sprintf(
		"{apiVersion: plumbline.dev/v1alpha1, kind: DriftReport, metadata: {name: %s, namespace: default}, spec: {target: %s}, status: %s}",
		name, target, status))
}

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &obj.Object); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return obj
}

// create makes the object, and removes it again when the test ends.
func create(t *testing.T, c client.Client, obj client.Object) {
	t.Helper()
	if err := c.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.Background(), obj); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
}
