// Command demo tells in nine acts what Plumbline does, on a real control plane that it starts and stops itself. Every
// command that it shows is run, and what is shown below it is what the command printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const exitInterrupted = 130

func main() {
	keep := flag.Bool("keep", false, "leave everything running until Ctrl-C")
	flag.Parse()
	log.SetLogger(logr.Discard()) // the libraries are not part of the story
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once
	err := tell(ctx, newPrinter(os.Stdout), *keep)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "demo: interrupted")
		os.Exit(exitInterrupted)
	default:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// tell runs the whole story, and stops everything that it started.
func tell(whole context.Context, out *printer, keep bool) (err error) {
	ctx, cancel := context.WithCancelCause(whole)
	defer cancel(nil)
	d := &demo{printer: out, cancel: cancel}
	defer func() {
		out.say("\nStopping everything.")
		err = errors.Join(err, d.stop())
	}()
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{
		{"The prologue", d.prologue},
		{"Act 1", d.compliant},
		{"Act 2", d.drift},
		{"Act 3", d.report},
		{"Act 4", d.events},
		{"Act 5", d.fix},
		{"Act 6", d.gain},
		{"Act 7", d.lose},
		{"Act 8", d.undefended},
		{"Act 9", d.reach},
	} {
		if err := part.play(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return fmt.Errorf("%s did not happen: %w\n%s", part.name, err, d.operator.tail())
		}
	}
	d.summary()
	if !keep {
		return nil
	}
	if d.stay(ctx); whole.Err() == nil {
		return fmt.Errorf("%w\n%s", context.Cause(ctx), d.operator.tail())
	}
	return nil
}

// stay waits for Ctrl-C, or until the operator ends.
func (d *demo) stay(ctx context.Context) {
	d.say("\nEverything keeps running until you press Ctrl-C. In another terminal:\n")
	d.code("export KUBECONFIG=%s", d.plane.Kubeconfig())
	d.code("export PATH=$PWD/%s:$PATH   # in the repository: a kubectl of this version", d.relative(d.plane.Kubectl(), ".."))
	d.code("kubectl get plumbline -A")
	d.code("kubectl get driftreports -A --watch")
	d.code("kubectl -n shop edit deployment api   # set readOnlyRootFilesystem to false")
	d.code("kubectl describe securitybaseline production")
	<-ctx.Done()
}
