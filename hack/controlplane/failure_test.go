package controlplane

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plumbline.dev/plumbline/hack/controlplane/binaries"
)

func TestMissingBinariesAreAnErrorThatSaysWhatToRun(t *testing.T) {
	t.Setenv(binaries.AssetsVariable, t.TempDir())
	_, err := Start(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), "no etcd, kube-apiserver in ") || !strings.Contains(err.Error(), "run make controlplane") {
		t.Errorf("the error is: %v", err)
	}
}

func TestAServerThatEndsIsAnErrorWithItsLastWords(t *testing.T) {
	fakeBinaries(t, "echo the disk is full; exit 3")
	dir := filepath.Join(t.TempDir(), "new")
	_, err := Start(t.Context(), Options{Dir: dir})
	if err == nil {
		t.Fatal("a control plane without etcd started")
	}
	log := filepath.Join(dir, "etcd.log")
	for _, part := range []string{"etcd ended before it was ready", "exit status 3", log, "the disk is full"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error: %v", part, err)
		}
	}
	if n := strings.Count(err.Error(), "the disk is full"); n != 1 {
		t.Errorf("the last words are %d times in the error: %v", n, err)
	}
	if _, err := os.Stat(log); err != nil {
		t.Errorf("the log is gone: %v", err)
	}
}

func TestADirectoryThatIsInUseIsNotTaken(t *testing.T) {
	fakeBinaries(t, "exit 1")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("the error is: %v", err)
	}
}

func TestAStartThatIsCancelledLeavesNoProcess(t *testing.T) {
	dir := t.TempDir()
	fakeBinaries(t, "echo $$ > "+dir+"/pid; exec sleep 600")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := Start(ctx, Options{Dir: filepath.Join(dir, "controlplane")})
		ended <- err
	}()
	pid := readPID(t, filepath.Join(dir, "pid"))
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is: %v", err)
	}
	if runs(pid) {
		t.Error("etcd still runs")
	}
}

func TestAServerThatEndedByItselfIsAnErrorOfStop(t *testing.T) {
	fakeBinaries(t, "exec sleep 600")
	c := &ControlPlane{dir: t.TempDir(), binaries: os.Getenv(binaries.AssetsVariable), temporary: true}
	var err error
	if c.etcd, err = c.startProcess(binaries.Etcd); err != nil {
		t.Fatal(err)
	}
	if err := c.etcd.started.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.etcd.ended
	if err := c.Stop(); err == nil || !strings.Contains(err.Error(), "etcd had ended by itself: signal: killed") {
		t.Errorf("the error is: %v", err)
	}
	if _, err := os.Stat(c.dir); err != nil {
		t.Errorf("the logs are gone: %v", err)
	}
	if err := c.Stop(); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
}

func TestAServerThatDoesNotListenToTheFirstSignalIsKilled(t *testing.T) {
	fakeBinaries(t, "trap '' TERM; echo $$ > pid; exec sleep 600")
	c := &ControlPlane{dir: t.TempDir(), binaries: os.Getenv(binaries.AssetsVariable)}
	p, err := c.startProcess(binaries.Etcd)
	if err != nil {
		t.Fatal(err)
	}
	readPID(t, filepath.Join(c.dir, "pid")) // from here on the signal is ignored, by sleep too
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.stop(ctx); err != nil {
		t.Error(err)
	}
	if runs(p.started.Pid) {
		t.Error("it still runs")
	}
}

func TestAPortThatWasTakenMeanwhileIsReplacedByAnother(t *testing.T) {
	tries := 0
	err := onFreePorts(func() error {
		if tries++; tries == 1 {
			return errors.New("bind: address already in use")
		}
		return nil
	})
	if err != nil || tries != 2 {
		t.Errorf("%d tries: %v", tries, err)
	}
	tries = 0
	err = onFreePorts(func() error { tries++; return errors.New("the disk is full") })
	if err == nil || tries != 1 {
		t.Errorf("%d tries for what another port cannot help: %v", tries, err)
	}
}
