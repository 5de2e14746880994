package controlplane

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

// start starts a control plane that stops, if the test did not stop it, when the test ends.
func start(t *testing.T, o Options) *ControlPlane {
	t.Helper()
	o.Log = t.Logf
	began := time.Now()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %.1f s", time.Since(began).Seconds())
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// stopped stops a control plane and checks that nothing is left of it.
func stopped(t *testing.T, c *ControlPlane) {
	t.Helper()
	var pids []int
	for _, p := range append([]*process{c.etcd, c.apiServer}, c.workloads...) {
		pids = append(pids, p.started.Pid)
	}
	began := time.Now()
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped after %.1f s", time.Since(began).Seconds())
	for _, pid := range pids {
		if runs(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
	if _, err := os.Stat(c.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory %s is still there: %v", c.Dir(), err)
	}
}

func runs(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func clientOf(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// eventually fails the test unless check becomes nil within half a minute.
func eventually(t *testing.T, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(pollInterval):
		}
	}
}

// fakeBinaries has Start use a shell script as etcd, and as kube-apiserver one that only ends.
func fakeBinaries(t *testing.T, etcd string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{binaries.Etcd: etcd, binaries.APIServer: "exit 1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(binaries.AssetsVariable, dir)
}

// readPID waits until a script has written its process ID to the file.
func readPID(t *testing.T, file string) int {
	t.Helper()
	var pid int
	eventually(t, func(context.Context) error {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(data)))
		return err
	})
	return pid
}
