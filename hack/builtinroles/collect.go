package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// source is what one version of Kubernetes makes, with different choices of feature gates: the first with none, then each
// gate and each two alone, the last with all. A gate only adds to roles, and no role needs three: verify says
// so. So what any other choice makes lies between these.
type source struct {
	version  string
	minor    int
	policies []policy
}

const (
	kindRole               = "Role"
	kindClusterRole        = "ClusterRole"
	kindRoleBinding        = "RoleBinding"
	kindClusterRoleBinding = "ClusterRoleBinding"
)

// policy is what an API server makes.
type policy struct {
	Roles               []rbacv1.Role
	ClusterRoles        []rbacv1.ClusterRole
	RoleBindings        []rbacv1.RoleBinding
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
}

// collect reads what a version makes from the source of its module, by running the part of it that says so.
func collect(ctx context.Context, version string) (source, error) {
	s := source{version: version}
	var err error
	if s.minor, err = minorOf(version); err != nil {
		return s, err
	}
	module, err := download(ctx, version)
	if err != nil {
		return s, err
	}
	stage, err := os.MkdirTemp("", "builtinroles-")
	if err != nil {
		return s, err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	program, gates, err := build(ctx, module, stage)
	if err != nil {
		return s, err
	}
	if s.policies, err = ask(ctx, program, choices(gates)); err != nil {
		return s, err
	}
	fixtures, err := readFixtures(module)
	if err != nil {
		return s, err
	}
	return s, s.verify(fixtures)
}

// download returns the directory of the source of a version of Kubernetes.
func download(ctx context.Context, version string) (string, error) {
	out, err := printed(exec.CommandContext(ctx, "go", "mod", "download", "-json", "k8s.io/kubernetes@"+version))
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", err
	}
	return module.Dir, nil
}

// build compiles the policy of a version to a program that prints it, and returns the gates that it knows.
func build(ctx context.Context, module, stage string) (program string, gates []string, err error) {
	files, gates, err := rewrite(module)
	if err != nil {
		return "", nil, err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range files {
		file := filepath.Join(stage, filepath.Base(filepath.Dir(name))+"-"+filepath.Base(name))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", nil, err
		}
		overlay.Replace[name] = file
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return "", nil, err
	}
	overlayFile := filepath.Join(stage, "overlay.json")
	if err := os.WriteFile(overlayFile, data, 0o600); err != nil {
		return "", nil, err
	}
	program = filepath.Join(stage, "policy")
	_, err = printed(exec.CommandContext(ctx, "go", "build", "-overlay", overlayFile, "-o", program, "./"+programDir))
	return program, gates, err
}

// choices returns the choices of gates, as arguments of the program.
func choices(gates []string) []string {
	chosen := []string{""}
	for i, gate := range gates {
		chosen = append(chosen, gate)
		for _, other := range gates[:i] {
			chosen = append(chosen, other+","+gate)
		}
	}
	return append(chosen, strings.Join(gates, ","))
}

// ask returns the policy of each choice of gates.
func ask(ctx context.Context, program string, chosen []string) ([]policy, error) {
	out, err := printed(exec.CommandContext(ctx, program, chosen...))
	if err != nil {
		return nil, err
	}
	var policies []policy
	decoder := json.NewDecoder(bytes.NewReader(out))
	for range chosen {
		var p policy
		if err := decoder.Decode(&p); err != nil {
			return nil, err
		}
		policies = append(policies, p)
	}
	return policies, nil
}

// printed returns what a command prints. An error has what it printed to standard error.
func printed(command *exec.Cmd) ([]byte, error) {
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, problems.String())
	}
	return out, nil
}
