package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"plumbline.dev/plumbline/hack/controlplane"
)

// program is what is measured.
type program struct {
	name, path string
	args       []string
	asAdmin    bool // else as the operator's ServiceAccount, with the permissions it ships
}

// child is a running program.
type child struct {
	cmd     *exec.Cmd
	log     string
	started time.Time
}

// start runs a program with a kubeconfig of its own.
func (c *cluster) start(ctx context.Context, p program) (*child, error) {
	config := c.plane.Config()
	if !p.asAdmin {
		var err error
		if config, err = c.plane.ServiceAccountConfig(ctx, operatorNamespace, operatorAccount); err != nil {
			return nil, err
		}
	}
	kubeconfig := filepath.Join(c.plane.Dir(), p.name+".kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, config); err != nil {
		return nil, err
	}
	logPath := filepath.Join(c.plane.Dir(), p.name+".log")
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, p.path, append(p.args, "--kubeconfig="+kubeconfig)...)
	cmd.Stdout, cmd.Stderr = log, log
	started := &child{cmd: cmd, log: logPath, started: now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.path, err)
	}
	return started, nil
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait()
}

// tail returns the last lines that the program logged.
func (c *child) tail() string {
	data, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(data, []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

// cpuSeconds returns the CPU time that the program has used, in user and kernel.
func (c *child) cpuSeconds() float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	// The second field is the name in parentheses, which may hold blanks; utime and stime are the 14th and 15th.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const ticksPerSecond = 100
	user, _ := strconv.ParseFloat(fields[11], 64)
	kernel, _ := strconv.ParseFloat(fields[12], 64)
	return (user + kernel) / ticksPerSecond
}

// peakMiB returns the most memory that the program has held.
func (c *child) peakMiB() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024
		}
	}
	return -1
}
