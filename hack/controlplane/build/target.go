package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

// target is one binary.
type target struct {
	name    string // of the binary
	module  string // the directory beside this one whose go.mod pins it
	path    string // the module path it is part of
	main    string // the package that is built
	version string // that of path
	ldflags string
	source  string // the directory of module
	out     string // where the binary goes
	stamp   string // what the binary is built from; it is kept beside it
}

// stages are kwok's descriptions of how nodes and pods live, in its module: what makes fake nodes Ready and pods run.
var stages = []string{
	"kustomize/stage/node/fast/node-initialize.yaml",
	"kustomize/stage/pod/fast/pod-ready.yaml",
	"kustomize/stage/pod/fast/pod-complete.yaml",
	"kustomize/stage/pod/fast/pod-delete.yaml",
}

// stampOf is a hash of all that decides what a module's binaries are.
func stampOf(source, ldflags string) (string, error) {
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", err
		}
		hash.Write(data)
	}
	hash.Write([]byte(ldflags + strings.Join(stages, " ")))
	return hex.EncodeToString(hash.Sum(nil)) + "\n", nil
}

func (t target) stampFile() string { return filepath.Join(filepath.Dir(t.out), "."+t.name+".stamp") }

func (t target) stagesFile() string { return filepath.Join(filepath.Dir(t.out), binaries.KwokStages) }

// upToDate says whether the binary is there and was built from what the go.mod and go.sum files say today.
func (t target) upToDate() bool {
	files := []string{t.out}
	if t.name == binaries.Kwok {
		files = append(files, t.stagesFile())
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			return false
		}
	}
	stamp, err := os.ReadFile(t.stampFile())
	return err == nil && string(stamp) == t.stamp
}

// build builds the binary under another name and renames it when it is whole, so that an interrupted build is never
// taken for a finished one. The stamp comes last, for the same reason.
func (t target) build(ctx context.Context, p *progress) error {
	start := time.Now()
	p.begin("looking for its modules")
	packages, err := t.list(ctx, p)
	if err != nil {
		return err
	}
	temporary := fmt.Sprintf("%s.building-%d", t.out, os.Getpid())
	defer os.Remove(temporary)
	p.compiling(packages)
	args := []string{"build", "-v", "-trimpath", "-ldflags", t.ldflags, "-o", temporary, t.main}
	if _, err := t.goCommand(ctx, p, args...); err != nil {
		return err
	}
	if t.name == binaries.Kwok {
		if err := t.writeStages(ctx, p); err != nil {
			return err
		}
	}
	if err := os.Rename(temporary, t.out); err != nil {
		return err
	}
	if err := writeFile(t.stampFile(), []byte(t.stamp)); err != nil {
		return err
	}
	p.end(fmt.Sprintf("built in %.0f s", time.Since(start).Seconds()))
	return nil
}

// list downloads what is missing and returns the number of packages in the binary.
func (t target) list(ctx context.Context, p *progress) (int, error) {
	out, err := t.goCommand(ctx, p, "list", "-deps", t.main)
	return bytes.Count(out, []byte("\n")), err
}

// writeStages joins kwok's stages into one file beside the binaries.
func (t target) writeStages(ctx context.Context, p *progress) error {
	out, err := t.goCommand(ctx, p, "list", "-m", "-f", "{{.Dir}}", t.path)
	if err != nil {
		return err
	}
	dir := strings.TrimSpace(string(out))
	if dir == "" {
		return fmt.Errorf("the source of %s is not in the module cache: run go mod download in %s", t.path, t.source)
	}
	var all []byte
	for _, stage := range stages {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(stage)))
		if err != nil {
			return fmt.Errorf("%w: %s %s has no such stage, adjust the list in hack/controlplane/build", err, t.path, t.version)
		}
		all = append(append(all, "---\n"...), data...)
	}
	return writeFile(t.stagesFile(), all)
}

// goCommand runs the go command in the target's module and returns what it prints. What it reports goes to p; if it
// fails, the last of it is in the error.
func (t target) goCommand(ctx context.Context, p *progress, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = t.source
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS=", "GOARCH=")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	command.Stdout = &out
	reports, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%w: install Go, see go.mod for the version", err)
	}
	complaints := p.follow(reports)
	if err := command.Wait(); err != nil {
		p.abort()
		if ctx.Err() != nil {
			return nil, errors.New("interrupted; the next run goes on from here")
		}
		return nil, fmt.Errorf("go %s in %s: %w\n%s\nif a module could not be fetched, check the network and GOPROXY; then run make controlplane again, it goes on from here",
			args[0], t.source, err, strings.Join(complaints, "\n"))
	}
	return out.Bytes(), nil
}

// writeFile replaces a file at once, or not at all.
func writeFile(name string, data []byte) error {
	temporary := fmt.Sprintf("%s.building-%d", name, os.Getpid())
	defer os.Remove(temporary)
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}

// follow reads what the go command reports: packages are counted, the last of the rest is returned.
func (p *progress) follow(reports io.Reader) []string {
	const most = 20
	var complaints []string
	lines := bufio.NewScanner(reports)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			p.update(strings.TrimPrefix(line, "go: "))
		case !strings.ContainsAny(line, " :#"):
			p.count()
		default:
			if complaints = append(complaints, line); len(complaints) > most {
				complaints = complaints[1:]
			}
		}
	}
	_, _ = io.Copy(io.Discard, reports) // a line too long to scan must not block the command
	return complaints
}
