package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// ran says when a command was started and when it returned.
type ran struct{ started, returned time.Time }

// kubectl shows a command, runs it and shows what it printed.
func (d *demo) kubectl(ctx context.Context, args ...string) (ran, error) {
	out, times, err := d.run(ctx, args...)
	if err == nil {
		d.output(out)
	}
	return times, err
}

// run shows a command, runs it and returns what it printed.
func (d *demo) run(ctx context.Context, args ...string) (string, ran, error) {
	d.command("kubectl " + shellLine(args))
	cmd := exec.CommandContext(ctx, d.plane.Kubectl(), args...)
	cmd.Dir = d.root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.plane.Kubeconfig())
	times := ran{started: time.Now()}
	out, err := cmd.CombinedOutput()
	times.returned = time.Now()
	if err != nil {
		return "", times, fmt.Errorf("kubectl: %w\n%s", err, out)
	}
	return string(out), times, nil
}

// shellLine writes arguments as one would type them; a patch gets a line of its own.
func shellLine(args []string) string {
	var line strings.Builder
	for i, arg := range args {
		switch {
		case arg == "-p":
			line.WriteString(" \\\n    ")
		case i > 0:
			line.WriteString(" ")
		}
		if strings.ContainsAny(arg, " \"'[]{}*$&|;<>()") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		line.WriteString(arg)
	}
	return line.String()
}

// until says how long after a command something was seen.
func (r ran) until(seen time.Time) string {
	if seen.Before(r.returned) {
		return fmt.Sprintf("before kubectl returned, %s after kubectl was started", seconds(seen.Sub(r.started)))
	}
	return fmt.Sprintf("%s after kubectl returned, %s after it was started",
		seconds(seen.Sub(r.returned)), seconds(seen.Sub(r.started)))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
