// Package authorization_test holds what internal/rbac says that a subject may do against what the API server says: every
// question of a SubjectAccessReview must be answered alike.
//
// The world of roles and bindings, and the questions, are generated from a seed.
package authorization_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"plumbline.dev/plumbline/hack/controlplane"
)

var (
	seed      = flag.Uint64("seed", 1, "from what the world and the questions are generated")
	questions = flag.Int("questions", 5000, "how many questions are asked")
	only      = flag.Int("question", -1, "ask only the generated question of this number")
)

// What the tests of this binary share: one API server with the world on it, and the answers to the questions. Each starts
// when the first test asks for it, so that the tests of the generator alone do not wait.
var (
	server  = sync.OnceValues(startServer)
	asked   = sync.OnceValues(askAll)
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

// startServer starts a control plane with what aggregates ClusterRoles, and makes the world on it.
func startServer() (*oracle, error) {
	ctx := context.Background()
	var err error
	if started, err = controlplane.Start(ctx, controlplane.Options{Workloads: true, Nodes: 1}); err != nil {
		return nil, err
	}
	o, err := newOracle(started.Config())
	if err != nil {
		return nil, err
	}
	return o, o.settle(ctx, generate(*seed).with(caseObjects()))
}

// onServer returns the API server with the whole world on it.
func onServer(t *testing.T) *oracle {
	t.Helper()
	o, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return o
}
