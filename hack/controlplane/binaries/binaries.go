// Package binaries says where the binaries of the control plane are: hack/controlplane/build puts them there, and
// package controlplane starts them. It imports nothing but the standard library, so that the build starts at once.
package binaries

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// The binaries, by the names they have in Dir.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	Kubectl           = "kubectl"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
)

// KwokStages is the file beside the binaries that tells kwok how nodes and pods live.
const KwokStages = "kwok-stages.yaml"

// AssetsVariable is the environment variable that names a directory of binaries to use instead of our own: the same
// that controller-runtime's envtest reads.
const AssetsVariable = "KUBEBUILDER_ASSETS"

const module = "plumbline.dev/plumbline"

// Dir returns the directory of the binaries: that of AssetsVariable if it is set, else bin/k8s/<version> in the
// repository. It need not exist yet.
func Dir() (string, error) {
	if dir := os.Getenv(AssetsVariable); dir != "" {
		return filepath.Abs(dir)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	version, err := KubernetesVersion(root)
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "bin", "k8s", version), nil
}

// Find returns Dir, and an error that says what to do if one of the named files is not in it.
func Find(names ...string) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	var missing []string
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return dir, nil
	case os.Getenv(AssetsVariable) != "":
		return "", fmt.Errorf("no %s in %s, to which %s points: unset it and run make controlplane",
			strings.Join(missing, ", "), dir, AssetsVariable)
	default:
		return "", fmt.Errorf("no %s in %s: run make controlplane", strings.Join(missing, ", "), dir)
	}
}

// Root returns the root of the repository: the directory above this source file, or if the program was built without
// paths, above the working directory, whose go.mod is that of plumbline.
func Root() (string, error) {
	var starts []string
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	for _, dir := range starts {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if isRoot(dir) {
				return dir, nil
			}
		}
	}
	return "", fmt.Errorf("the repository of %s was not found above the working directory: run this inside it", module)
}

func isRoot(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	return strings.TrimSpace(string(first)) == "module "+module
}

// KubernetesVersion returns the version of Kubernetes the control plane is built from, such as v1.36.3.
func KubernetesVersion(root string) (string, error) {
	return RequiredVersion(filepath.Join(ModuleDir(root, "kubernetes"), "go.mod"), "k8s.io/kubernetes")
}

// ModuleDir returns the directory of one of the modules the control plane is built from: kubernetes, etcd or kwok.
func ModuleDir(root, name string) string {
	return filepath.Join(root, "hack", "controlplane", name)
}

// RequiredVersion returns the version of the module path that a go.mod file requires.
func RequiredVersion(file, path string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		fields := strings.Fields(strings.TrimPrefix(lines.Text(), "require "))
		if len(fields) >= 2 && fields[0] == path && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", errors.Join(fmt.Errorf("%s does not require %s", file, path), lines.Err())
}
