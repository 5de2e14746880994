package manifest

import (
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// kustomizations are those below a directory.
type kustomizations struct {
	// made are the files and directories that each makes objects of, and data the files that it takes for something else,
	// which may hold objects all the same. All paths are real ones.
	made map[string][]string
	data map[string]bool
}

func newKustomizations() kustomizations {
	return kustomizations{made: map[string][]string{}, data: map[string]bool{}}
}

// note notes what a kustomization is made of. One that cannot be read is made of nothing: building it will say why.
func (k *kustomizations) note(directory, file string) {
	data, err := os.ReadFile(file) //nolint:gosec // a file of a directory that the user names
	if err != nil || checkAliases(data) != nil {
		return
	}
	var says types.Kustomization
	if says.Unmarshal(data) != nil {
		return
	}
	says.FixKustomization()
	for _, name := range madeOf(&says) {
		k.made[directory] = append(k.made[directory], realPath(filepath.Join(directory, name)))
	}
	for _, name := range takenByIt(&says) {
		k.data[realPath(filepath.Join(directory, name))] = true
	}
}

// madeOf returns the files and directories that a kustomization makes objects of, or changes objects by.
func madeOf(k *types.Kustomization) []string {
	names := append(append([]string{}, k.Resources...), k.Components...)
	for _, texts := range [][]string{k.Generators, k.Transformers, k.Validators} {
		for _, text := range texts {
			names = append(names, configured(text)...)
		}
	}
	patches := append([]types.Patch{}, k.Patches...)
	patches = append(patches, k.PatchesJson6902...) //nolint:staticcheck // kustomize still reads it
	for _, patch := range patches {
		names = append(names, patch.Path)
	}
	for _, patch := range k.PatchesStrategicMerge { //nolint:staticcheck // kustomize still reads it
		names = append(names, string(patch))
	}
	for _, replacement := range k.Replacements {
		names = append(names, replacement.Path)
	}
	return filesAmong(names)
}

// configured returns the file of a transformer's configuration, or, where it is written out, those that it patches by.
func configured(text string) []string {
	if !strings.Contains(text, "\n") {
		return []string{text}
	}
	var transformer struct {
		Kind         string                   `json:"kind"`
		Path         string                   `json:"path"`
		Paths        []string                 `json:"paths"`
		Replacements []types.ReplacementField `json:"replacements"`
	}
	if yaml.Unmarshal([]byte(text), &transformer) != nil {
		return nil
	}
	var names []string
	switch {
	case strings.HasPrefix(transformer.Kind, "Patch"):
		names = append(names, append(transformer.Paths, transformer.Path)...)
	case transformer.Kind == "ReplacementTransformer":
		for _, replacement := range transformer.Replacements {
			names = append(names, replacement.Path)
		}
	}
	return names
}

// takenByIt returns the files that a kustomization puts into ConfigMaps and Secrets, or takes for settings.
func takenByIt(k *types.Kustomization) []string {
	names := append(append([]string{k.OpenAPI["path"]}, k.Configurations...), k.Crds...)
	var sources []types.KvPairSources
	for i := range k.ConfigMapGenerator {
		sources = append(sources, k.ConfigMapGenerator[i].KvPairSources)
	}
	for i := range k.SecretGenerator {
		sources = append(sources, k.SecretGenerator[i].KvPairSources)
	}
	for _, source := range sources {
		names = append(names, source.EnvSources...)
		for _, file := range source.FileSources {
			if _, after, hasKey := strings.Cut(file, "="); hasKey {
				file = after
			}
			names = append(names, file)
		}
	}
	for i := range k.HelmCharts {
		names = append(append(names, k.HelmCharts[i].ValuesFile), k.HelmCharts[i].AdditionalValuesFiles...)
	}
	return filesAmong(names)
}

// filesAmong returns what may be the names of files: patches may be written out instead.
func filesAmong(names []string) []string {
	var files []string
	for _, name := range names {
		if name != "" && !strings.Contains(name, "\n") {
			files = append(files, name)
		}
	}
	return files
}

// parts returns what kustomizations that are built make objects of. One that others are made of is not built itself; but
// of those that lead back to each other, all are, so that somebody says so.
func (k *kustomizations) parts() map[string]bool {
	inOthers := map[string]bool{}
	for _, names := range k.made {
		for _, name := range names {
			inOthers[name] = true
		}
	}
	parts := map[string]bool{}
	var take func(directory string)
	take = func(directory string) {
		for _, name := range k.made[directory] {
			if !parts[name] {
				parts[name] = true
				take(name)
			}
		}
	}
	for directory := range k.made {
		if !inOthers[directory] {
			take(directory)
		}
	}
	return parts
}
