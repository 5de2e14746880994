package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	startTimeout = 2 * time.Minute // for a machine that does much else; usually it is seconds
	stopTimeout  = 20 * time.Second
	pollInterval = 50 * time.Millisecond
	tailLines    = 15
)

// process is one binary that was started by us.
type process struct {
	name    string
	log     string        // the path of what it prints
	ended   chan struct{} // closed when it has ended
	err     error         // how it ended; to be read after ended
	settled atomic.Bool   // it was told to end, or that it ended was reported
	started *os.Process
}

// startProcess starts a binary of the control plane. What it prints is appended to <name>.log in the directory.
func (c *ControlPlane) startProcess(name string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(c.dir, name+".log"), ended: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(c.binaries, name), args...)
	command.Dir = c.dir
	// Nothing of the user's own kubeconfig or kwok configuration is to be read.
	command.Env = append(os.Environ(), "HOME="+c.dir, "KUBECONFIG=")
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = dieWithParent()

	started := make(chan error)
	go func() {
		// Linux ends the process with the thread that started it: keep this thread until the process has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer out.Close()
		err := command.Start()
		started <- err
		if err == nil {
			if p.err = command.Wait(); p.err == nil {
				p.err = errors.New("exit status 0")
			}
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s does not start: %w: remove it and run make controlplane", command.Path, err)
	}
	p.started = command.Process
	return p, nil
}

// waitReady asks until the processes are ready, and fails at once if one of them ends, or after startTimeout.
func waitReady(ctx context.Context, ready func(context.Context) error, processes ...*process) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		last := ready(ctx)
		if last == nil {
			return nil
		}
		for _, p := range processes {
			if p.hasEnded() {
				p.settled.Store(true)
				return p.failure("ended before it was ready: %w", p.err)
			}
		}
		select {
		case <-ctx.Done():
			var late []error
			for _, p := range processes {
				late = append(late, p.failure("was not ready (%w): %w", ctx.Err(), last))
			}
			return errors.Join(late...)
		case <-time.After(pollInterval):
		}
	}
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// stop ends the process, gently first. Stopping one that was stopped is fine; that one had ended by itself is an error,
// once.
func (p *process) stop(ctx context.Context) error {
	if p == nil {
		return nil
	}
	if p.hasEnded() {
		if p.settled.Swap(true) {
			return nil
		}
		return p.failure("had ended by itself: %w", p.err)
	}
	p.settled.Store(true)
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if err := p.started.Signal(syscall.SIGTERM); err == nil {
		select {
		case <-p.ended:
			return nil
		case <-ctx.Done():
		}
	}
	if err := p.started.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s (process %d) cannot be stopped: %w", p.name, p.started.Pid, err)
	}
	<-p.ended
	return nil
}

// stopAll stops processes at the same time.
func stopAll(processes []*process) error {
	errs := make([]error, len(processes))
	var wait sync.WaitGroup
	for i, p := range processes {
		wait.Go(func() { errs[i] = p.stop(context.Background()) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// failure is an error about the process that says where its log is and how that ends.
func (p *process) failure(format string, args ...any) error {
	return fmt.Errorf("%s "+format+"; its log is %s and ends:\n%s",
		append(append([]any{p.name}, args...), p.log, tail(p.log))...)
}

// tail returns the last lines of a file.
func tail(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return "\t" + strings.Join(lines[max(0, len(lines)-tailLines):], "\n\t")
}
