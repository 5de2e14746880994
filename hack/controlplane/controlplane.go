// Package controlplane starts and stops a real Kubernetes control plane for tests, the demo and the benchmark: etcd and
// kube-apiserver, and if asked for, kube-controller-manager, kube-scheduler and kwok, whose nodes are fake but whose
// pods run as far as the API can tell. `make controlplane` builds the binaries.
//
// Everything listens on 127.0.0.1 only, on free ports, and keeps its files in one directory.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/client-go/rest"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

// DefaultNodes is the number of nodes if Options say none.
const DefaultNodes = 3

// Options say what to start. The zero value is etcd and kube-apiserver in a temporary directory.
type Options struct {
	// Dir is where certificates, data and logs go. It must be empty or not exist, and Stop leaves it there.
	// By default it is a temporary directory, which Stop removes unless something failed or KeepDir was called.
	Dir string
	// Workloads starts kube-controller-manager, kube-scheduler and kwok too, so that a Deployment gets pods that run and
	// owned objects are collected.
	//
	// Without it nothing makes ServiceAccounts, so the ServiceAccount admission plugin is off and pods need none.
	Workloads bool
	// Nodes is the number of fake nodes, with Workloads. Default: DefaultNodes. Each takes any number of pods.
	Nodes int
	// APIServerFlags are further flags of the API server, such as --emulated-version=1.35, with which it behaves as that version.
	APIServerFlags []string
	// Audit records all writes, for Writes.
	Audit bool
	// Log receives a line for each step of the start and stop. Default: nothing is said.
	Log func(format string, args ...any)
}

// ControlPlane is a control plane that runs. Its methods may be called from several goroutines.
type ControlPlane struct {
	options   Options
	dir       string
	binaries  string
	temporary bool
	identity  *identity
	audit     *auditLog // nil without Options.Audit
	etcdURL   string
	port      int // of the API server

	mu        sync.Mutex // guards what follows: one method at a time starts or stops processes
	keep      bool
	etcd      *process
	apiServer *process
	workloads []*process
}

// Start starts a control plane and returns when the API server is ready and, with Workloads, the nodes are.
// The context bounds the start only; what was started runs until Stop, or on Linux until the program ends, however it
// ends. If it fails, nothing is left running, and the error names the log of what failed and has its last lines.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	c, err := prepare(o)
	if err != nil {
		return nil, fmt.Errorf("starting a control plane: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a control plane in %s: %w", c.dir, err), c.stopProcesses())
	}
	return c, nil
}

// prepare finds the binaries and makes the directory.
func prepare(o Options) (*ControlPlane, error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Nodes == 0 {
		o.Nodes = DefaultNodes
	}
	needed := []string{binaries.Etcd, binaries.APIServer}
	if o.Workloads {
		needed = append(needed, binaries.ControllerManager, binaries.Scheduler, binaries.Kwok, binaries.KwokStages)
	}
	found, err := binaries.Find(needed...)
	if err != nil {
		return nil, err
	}
	dir, err := makeDir(o.Dir)
	if err != nil {
		return nil, err
	}
	return &ControlPlane{options: o, dir: dir, binaries: found, temporary: o.Dir == ""}, nil
}

// makeDir returns the absolute path of an empty directory: a new temporary one if none is named.
func makeDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "plumbline-controlplane-")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%s is not empty: remove it, or choose another directory", dir)
	}
	return filepath.Abs(dir)
}

func (c *ControlPlane) start(ctx context.Context) error {
	var err error
	if c.identity, err = newIdentity(c.dir); err != nil {
		return err
	}
	if c.options.Audit {
		if c.audit, err = newAuditLog(c.dir); err != nil {
			return err
		}
	}
	if err := onFreePorts(func() error { return c.startEtcd(ctx) }); err != nil {
		return err
	}
	if err := onFreePorts(func() error { return c.startNewAPIServer(ctx) }); err != nil {
		return err
	}
	if !c.options.Workloads {
		return nil
	}
	return c.startWorkloads(ctx)
}

// Stop stops all that was started, and removes the directory if it is temporary. It returns an error if one of the
// processes had ended by itself before; then, as after KeepDir, the directory with the logs stays. Stopping twice is fine.
func (c *ControlPlane) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.stopProcesses(); err != nil {
		return fmt.Errorf("the control plane in %s did not run to the end: %w", c.dir, err)
	}
	if !c.temporary || c.keep {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// KeepDir makes Stop leave the temporary directory with its logs, such as after a test failed.
func (c *ControlPlane) KeepDir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep = true
}

// Dir returns the directory that has everything in it, such as the logs, which are named <binary>.log.
func (c *ControlPlane) Dir() string { return c.dir }

// Config returns the configuration of a client that may do everything, as user "admin", without a limit on its requests.
func (c *ControlPlane) Config() *rest.Config { return c.config(admin) }

// Kubeconfig returns the path of a kubeconfig file with the same rights as Config.
func (c *ControlPlane) Kubeconfig() string { return filepath.Join(c.dir, kubeconfigName(admin)) }

// Kubectl returns the path of kubectl in the version of the control plane. If KUBEBUILDER_ASSETS is set there need not
// be one.
func (c *ControlPlane) Kubectl() string { return filepath.Join(c.binaries, binaries.Kubectl) }

// stopProcesses stops what still runs, the servers last and each after those that need it.
func (c *ControlPlane) stopProcesses() error {
	var errs []error
	for _, group := range [][]*process{c.workloads, {c.apiServer}, {c.etcd}} {
		errs = append(errs, stopAll(group))
	}
	c.workloads, c.apiServer, c.etcd = nil, nil, nil
	return errors.Join(errs...)
}
