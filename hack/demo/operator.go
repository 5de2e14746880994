package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"plumbline.dev/plumbline/hack/controlplane"
)

const (
	operatorNamespace = "plumbline-system"
	operatorAccount   = "plumbline-manager"
	stopTimeout       = 10 * time.Second
	tailLines         = 15
)

// operator is bin/plumbline as it runs.
type operator struct {
	cmd    *exec.Cmd
	log    string
	probes string
	done   chan struct{}
	err    error // how it ended; to be read after done
}

// startOperator runs bin/plumbline as its own ServiceAccount. If it ends by itself, so does the demo.
func (d *demo) startOperator(ctx context.Context) error {
	binary := filepath.Join(d.root, "bin", "plumbline")
	if _, err := os.Stat(binary); err != nil {
		return errors.New("there is no bin/plumbline: run make build")
	}
	config, err := d.plane.ServiceAccountConfig(ctx, operatorNamespace, operatorAccount)
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(d.plane.Dir(), "plumbline.kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, config); err != nil {
		return err
	}
	o := &operator{log: filepath.Join(d.plane.Dir(), "plumbline.log"), done: make(chan struct{})}
	if o.probes, err = freeAddress(); err != nil {
		return err
	}
	o.cmd = exec.Command(binary, "manager", "--kubeconfig="+kubeconfig,
		"--metrics-bind-address=0", "--health-probe-bind-address="+o.probes)
	o.cmd.SysProcAttr = ofItsOwn()
	if err := o.start(d.cancel); err != nil {
		return err
	}
	d.operator = o
	return wait(ctx, "the operator is ready", o.ready)
}

// start starts the process, and calls ended with the reason when it has ended.
func (o *operator) start(ended context.CancelCauseFunc) error {
	log, err := os.Create(o.log)
	if err != nil {
		return err
	}
	o.cmd.Stdout, o.cmd.Stderr = log, log
	started := make(chan error)
	go func() {
		// Linux ends the process with the thread that started it: keep this thread until the process has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := o.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		o.err = o.cmd.Wait()
		close(o.done)
		ended(fmt.Errorf("the operator ended: %s", o.cmd.ProcessState))
	}()
	return <-started
}

func (o *operator) ready(ctx context.Context) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.probes+"/readyz", nil)
	if err != nil {
		return false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err
	}
	return response.StatusCode == http.StatusOK, response.Body.Close()
}

func (o *operator) ended() bool {
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// stop ends the operator as Kubernetes would.
func (o *operator) stop() error {
	if o == nil || o.ended() {
		return nil
	}
	_ = o.cmd.Process.Signal(syscall.SIGTERM) // it may just have ended
	select {
	case <-o.done:
	case <-time.After(stopTimeout):
		_ = o.cmd.Process.Kill()
		<-o.done
		return fmt.Errorf("the operator did not stop within %s and was killed", stopTimeout)
	}
	if o.err != nil {
		return fmt.Errorf("the operator was told to stop and ended with: %w", o.err)
	}
	return nil
}

// tail returns the last lines that the operator logged.
func (o *operator) tail() string {
	if o == nil {
		return "The operator was not started yet."
	}
	data, err := os.ReadFile(o.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return "The operator's log ends:\n  " + strings.Join(lines[max(0, len(lines)-tailLines):], "\n  ")
}

// freeAddress returns an address of this machine on which nothing listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
