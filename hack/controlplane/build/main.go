// Command build builds a control plane from the Go modules beside it: etcd, kube-apiserver, kubectl,
// kube-controller-manager, kube-scheduler and kwok, into bin/k8s/<version>. What is built already is left alone;
// an interrupted build goes on where it was.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "controlplane: %v\n", err)
		os.Exit(1)
	}
}

// run builds what is missing or out of date.
func run(ctx context.Context) error {
	if dir := os.Getenv(binaries.AssetsVariable); dir != "" {
		fmt.Printf("control plane: %s is set, the binaries in %s are used and nothing is built\n", binaries.AssetsVariable, dir)
		return nil
	}
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	dir, err := binaries.Dir()
	if err != nil {
		return err
	}
	targets, err := allTargets(root, dir)
	if err != nil {
		return err
	}
	return buildAll(ctx, targets, dir)
}

func buildAll(ctx context.Context, targets []target, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	built := 0
	for i, t := range targets {
		if t.upToDate() {
			continue
		}
		if built == 0 {
			fmt.Printf("control plane: building in %s, once; all of it takes about ten minutes on two cores\n", dir)
		}
		built++
		label := fmt.Sprintf("[%d/%d] %s %s", i+1, len(targets), t.name, t.version)
		if err := t.build(ctx, newProgress(os.Stdout, label)); err != nil {
			return fmt.Errorf("building %s %s: %w", t.name, t.version, err)
		}
	}
	if built == 0 {
		fmt.Printf("control plane: up to date in %s\n", dir)
	}
	return nil
}

// allTargets lists the binaries, those that every test needs first.
func allTargets(root, dir string) ([]target, error) {
	const kubernetes = "k8s.io/kubernetes"
	targets := []target{
		{name: binaries.Etcd, module: "etcd", path: "go.etcd.io/etcd/server/v3"},
		{name: binaries.APIServer, module: "kubernetes", path: kubernetes},
		{name: binaries.Kubectl, module: "kubernetes", path: kubernetes},
		{name: binaries.ControllerManager, module: "kubernetes", path: kubernetes},
		{name: binaries.Scheduler, module: "kubernetes", path: kubernetes},
		{name: binaries.Kwok, module: "kwok", path: "sigs.k8s.io/kwok"},
	}
	for i := range targets {
		t := &targets[i]
		t.source = binaries.ModuleDir(root, t.module)
		t.out = filepath.Join(dir, t.name)
		var err error
		if t.version, err = binaries.RequiredVersion(filepath.Join(t.source, "go.mod"), t.path); err != nil {
			return nil, err
		}
		t.main, t.ldflags = t.path, "-s -w"
		if t.module != "etcd" { // the root of etcd's module is its command
			t.main += "/cmd/" + t.name
		}
		if t.path == kubernetes {
			t.ldflags += versionFlags(t.version)
		}
		if t.stamp, err = stampOf(t.source, t.ldflags); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// versionFlags tell Kubernetes its version: without them, version checks fail to parse.
func versionFlags(version string) string {
	numbers := strings.Split(strings.TrimPrefix(version, "v"), ".")
	const prefix = " -X k8s.io/component-base/version."
	flags := prefix + "gitVersion=" + version
	if len(numbers) >= 2 {
		flags += prefix + "gitMajor=" + numbers[0] + prefix + "gitMinor=" + numbers[1]
	}
	return flags
}
