package main

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// sampleFile is a baseline that declares everything. The page shows of it what switches each check on.
const sampleFile = "hack/docs/declarations.yaml"

// readDeclarations returns the spec of the sample.
func readDeclarations() (map[string]any, error) {
	data, err := os.ReadFile(sampleFile)
	if err != nil {
		return nil, err
	}
	var sample struct {
		Spec map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal(data, &sample); err != nil {
		return nil, fmt.Errorf("%s: %w", sampleFile, err)
	}
	return sample.Spec, nil
}

// declarationOf finds the fields of a sample that switch the check on, by trying each alone: a list of which field
// belongs to which check would be a second truth.
func declarationOf(check engine.Check, sample map[string]any) (string, error) {
	declaration := map[string]any{}
	for _, leaf := range leaves(sample) {
		text, err := yaml.Marshal(map[string]any{"spec": leaf})
		if err != nil {
			return "", err
		}
		spec, err := specOf(string(text))
		if err != nil {
			return "", fmt.Errorf("%s: %w", sampleFile, err)
		}
		if check.Declared(spec) {
			merge(declaration, leaf)
		}
	}
	if len(declaration) == 0 {
		return "", fmt.Errorf("%s: no single field asks for the check %s: declare it there, so that the docs can show how", sampleFile, check.ID)
	}
	if slices.Contains(check.Needs, engine.NeedRunningPods) { // it compares what another declaration finds
		merge(declaration, map[string]any{"workloads": map[string]any{"hostPID": string(v1alpha1.RuleForbidden)}})
	}
	text, err := yaml.Marshal(map[string]any{"spec": declaration})
	return string(text), err
}

// specOf reads the spec that a declaration holds.
func specOf(declaration string) (*v1alpha1.SecurityBaselineSpec, error) {
	var baseline v1alpha1.SecurityBaseline
	err := yaml.UnmarshalStrict([]byte(declaration), &baseline)
	return &baseline.Spec, err
}

// leaves splits a tree into one tree for each of its leaves. Lists are leaves.
func leaves(tree map[string]any) []map[string]any {
	var found []map[string]any
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		below, isTree := tree[key].(map[string]any)
		if !isTree {
			found = append(found, map[string]any{key: tree[key]})
			continue
		}
		for _, leaf := range leaves(below) {
			found = append(found, map[string]any{key: leaf})
		}
	}
	return found
}

// merge puts a leaf back into a tree.
func merge(tree, leaf map[string]any) {
	for key, value := range leaf {
		below, isTree := value.(map[string]any)
		branch, isThere := tree[key].(map[string]any)
		if isTree && isThere {
			merge(branch, below)
			continue
		}
		tree[key] = value
	}
}
