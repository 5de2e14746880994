package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plumbline.dev/plumbline/controllers"
)

// runningOperator is an operator in this process.
type runningOperator struct {
	cancel  context.CancelFunc
	done    chan error
	options controllers.ManagerOptions
	end     sync.Once
	err     error // with which it ended
}

func startOperator(ctx context.Context, options controllers.Options) (*runningOperator, error) {
	return startManager(ctx, controllers.ManagerOptions{Options: options, MetricsAddress: "0", ProbeAddress: "0"})
}

// startManager starts an operator with made-up checks, and returns when it is ready.
func startManager(ctx context.Context, options controllers.ManagerOptions) (*runningOperator, error) {
	config, err := plane.ServiceAccountConfig(ctx, operatorNamespace, operatorAccount)
	if err != nil {
		return nil, err
	}
	options.Checks, options.SkipNameValidation = madeUpChecks(), true
	options.Metrics = prometheus.NewRegistry()
	options.Watches = controllers.NewWatches()
	options.Watches.Recheck = 200 * time.Millisecond
	options.Namespace = operatorNamespace
	ctx, cancel := context.WithCancel(ctx)
	mgr, err := controllers.NewManager(config, options)
	if err != nil {
		cancel()
		return nil, err
	}
	o := &runningOperator{cancel: cancel, done: make(chan error, 1), options: options}
	go func() { o.done <- mgr.Start(ctx) }()
	deadline := time.After(time.Minute)
	for options.Watches.Synced() != nil {
		select {
		case err := <-o.done:
			cancel()
			return nil, errors.Join(errors.New("the operator ended"), err)
		case <-deadline:
			cancel()
			return nil, fmt.Errorf("the operator is not ready: %w", options.Watches.Synced())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return o, nil
}

// stop ends the operator, if it has not ended yet.
func (o *runningOperator) stop() error {
	o.end.Do(func() {
		o.cancel()
		o.err = <-o.done
	})
	return o.err
}

// restart stops the operator of the suite and starts it again.
func restart(t *testing.T) {
	t.Helper()
	if err := operator.stop(); err != nil {
		t.Fatal(err)
	}
	resume(t)
}

func resume(t *testing.T) {
	t.Helper()
	started, err := startOperator(context.Background(), controllers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	operator = started
}
