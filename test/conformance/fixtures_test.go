package conformance_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const (
	module = "k8s.io/pod-security-admission"

	// fixtureCount is how many there are in v0.37.2 of the module. Fewer means that they were not found.
	fixtureCount = 4537
)

// fixtures returns the files of pods that Pod Security admission is tested with.
func fixtures(t *testing.T) []string {
	t.Helper()
	var found []string
	dir := filepath.Join(moduleIs(t, "Dir"), "test", "testdata")
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".yaml" {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < fixtureCount {
		t.Fatalf("%d fixtures in %s, not %d", len(found), dir, fixtureCount)
	}
	return found
}

// moduleIs asks Go for a field of the module that the oracle is from.
func moduleIs(t *testing.T, field string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{."+field+"}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// readPod reads a pod as the API server keeps it.
func readPod(file string) (*corev1.Pod, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if data, err = yaml.YAMLToJSON(data); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	pod := &corev1.Pod{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, pod); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if pod.Kind != "Pod" {
		return nil, fmt.Errorf("%s: a %s, not a Pod", file, pod.Kind)
	}
	setDefaults(&pod.Spec)
	return pod, nil
}

// setDefaults sets what the API server does before Pod Security admission sees a pod, as far as that judges it: a fixture
// holds a volume without a type.
func setDefaults(pod *corev1.PodSpec) {
	for i := range pod.Volumes {
		if pod.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			pod.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if !pod.HostNetwork {
		return
	}
	for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range containers {
			for j := range containers[i].Ports {
				if port := &containers[i].Ports[j]; port.HostPort == 0 {
					port.HostPort = port.ContainerPort
				}
			}
		}
	}
}
