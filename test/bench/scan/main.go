// Command scan measures "plumbline scan" beside kube-score, on the same Deployments in the same run: in one file, and in as
// many files as Deployments. Machines differ and are noisy; the ratios are what counts.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"
)

// kubeScore is the module of kube-score, at the version that is measured.
const kubeScore = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"

// What is to be reached.
const (
	maxRatio = 0.5 // of the time of kube-score
	maxMiB   = 100
)

// settings are what the flags say.
type settings struct {
	plumbline, peer, out string
	deployments, rounds  int
}

func main() {
	var s settings
	flag.IntVar(&s.deployments, "n", 1000, "number of Deployments, of two containers each, half of them drifted")
	flag.IntVar(&s.rounds, "rounds", 5, "how often each is measured, in turns; the best round counts")
	flag.StringVar(&s.plumbline, "plumbline", filepath.Join("bin", "plumbline"), "the program to measure")
	flag.StringVar(&s.peer, "kube-score", filepath.Join("bin", "kube-score"), "the program to measure beside it; installed where it is not there")
	flag.StringVar(&s.out, "o", filepath.Join("test", "bench", "results", "scan.json"), "file to write the results to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := s.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-scan:", err)
		os.Exit(1)
	}
}

func (s *settings) run(ctx context.Context) error {
	if err := install(ctx, s.peer); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-scan-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	one, many, err := write(dir, s.deployments)
	if err != nil {
		return err
	}
	results := Results{Time: time.Now().UTC().Truncate(time.Second), CPUs: runtime.NumCPU(), Deployments: s.deployments}
	for _, given := range []struct {
		name  string
		paths []string
		files []string
	}{{"one file", []string{one}, []string{one}}, {fmt.Sprintf("%d files", s.deployments), []string{filepath.Dir(many[0])}, many}} {
		measured, err := s.measure(ctx, given.paths, given.files)
		if err != nil {
			return fmt.Errorf("%s: %w", given.name, err)
		}
		measured.Given = given.name
		results.Runs = append(results.Runs, *measured)
	}
	results.judge()
	fmt.Print(results.String())
	data, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.out, append(data, '\n'), 0o644); err != nil {
		return err
	}
	if !results.Reached {
		return errors.New("not all that is to be reached is")
	}
	return nil
}

// install builds kube-score from its module, once.
func install(ctx context.Context, at string) error {
	if _, err := os.Stat(at); err == nil {
		return nil
	}
	bin, err := filepath.Abs(filepath.Dir(at))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "install", kubeScore)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-mod=mod")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("install %s: %w", kubeScore, err)
	}
	return nil
}

// measure runs both programs in turns.
func (s *settings) measure(ctx context.Context, paths, files []string) (*Run, error) {
	var run Run
	for _, m := range []struct {
		into *Usage
		name string
		args []string
	}{
		{&run.Table, s.plumbline, append([]string{"scan", "--preset", "hardened"}, paths...)},
		{&run.JSON, s.plumbline, append([]string{"scan", "--preset", "hardened", "-o", "json"}, paths...)},
		{&run.KubeScore, s.peer, append([]string{"score", "-o", "ci"}, files...)},
	} {
		m.into.command, m.into.args = m.name, m.args
	}
	for range s.rounds {
		for _, u := range []*Usage{&run.Table, &run.JSON, &run.KubeScore} {
			if err := u.take(ctx); err != nil {
				return nil, err
			}
		}
	}
	return &run, nil
}
