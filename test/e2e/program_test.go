package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"plumbline.dev/plumbline/hack/controlplane"
)

const (
	operatorNamespace = "plumbline-system"
	operatorAccount   = "plumbline-manager"
	operatorUser      = "system:serviceaccount:" + operatorNamespace + ":" + operatorAccount
	stopTimeout       = 10 * time.Second
)

// program is plumbline as it runs.
type program struct {
	cmd             *exec.Cmd
	log             *os.File
	metrics, probes string
	done            chan struct{}
}

// startProgram starts plumbline with the flags that config/manager gives it, on free ports, and returns when it is
// ready. What it prints is appended to one log.
func startProgram(ctx context.Context) (*program, error) {
	config, err := plane.ServiceAccountConfig(ctx, operatorNamespace, operatorAccount)
	if err != nil {
		return nil, err
	}
	kubeconfig := filepath.Join(plane.Dir(), "plumbline.kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, config); err != nil {
		return nil, err
	}
	p := &program{done: make(chan struct{})}
	if p.metrics, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.probes, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.log, err = os.OpenFile(logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	p.cmd = exec.Command(binary, "manager", "--leader-elect", "--kubeconfig="+kubeconfig, "--operator-namespace="+operatorNamespace,
		"--metrics-bind-address="+p.metrics, "--health-probe-bind-address="+p.probes)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its ProcessState
		close(p.done)
	}()
	return p, p.waitReady(ctx)
}

func logFile() string { return filepath.Join(plane.Dir(), "plumbline.log") }

func (p *program) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		code, body, err := get(ctx, http.DefaultClient, "http://"+p.probes+"/readyz", "")
		if err == nil && code == http.StatusOK {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("plumbline ended: %s", p.cmd.ProcessState)
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("plumbline is not ready: %d %s", code, body), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the program as Kubernetes does, and returns how long that took. It is an error if it takes too long or
// does not end with 0.
func (p *program) stop() (time.Duration, error) {
	defer p.log.Close()
	began := time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // if it has ended already, its exit code says so
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.done
		return time.Since(began), fmt.Errorf("plumbline did not end within %s of SIGTERM", stopTimeout)
	}
	if !p.cmd.ProcessState.Success() {
		return time.Since(began), fmt.Errorf("plumbline ended with %s", p.cmd.ProcessState)
	}
	return time.Since(began), nil
}

// logged returns the lines of the program's log that hold a text, in any case.
func logged(text string) ([]string, error) {
	data, err := os.ReadFile(logFile())
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(data)) {
		if strings.Contains(strings.ToLower(line), text) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found, nil
}

// get asks with a bearer token, or without one if it is empty.
func get(ctx context.Context, c *http.Client, url, token string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// freeAddress returns an address of this machine on which nothing listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
