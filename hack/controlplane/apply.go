package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// FieldOwner is the name under which ApplyFiles applies.
const FieldOwner = "plumbline-controlplane"

const servedTimeout = 30 * time.Second

// ApplyFiles applies manifests server-side, as kubectl apply --server-side --force-conflicts would: files, or all *.yaml
// files of directories, in the given order except that CustomResourceDefinitions come first and Namespaces second. It
// waits until the API server serves what the definitions define. Kustomizations are passed over, not built.
func ApplyFiles(ctx context.Context, config *rest.Config, paths ...string) error {
	objects, err := readManifests(paths)
	if err != nil {
		return err
	}
	slices.SortStableFunc(objects, func(a, b manifest) int { return rank(a) - rank(b) })
	c, err := client.New(config, client.Options{})
	if err != nil {
		return fmt.Errorf("reaching the API server at %s: %w", config.Host, err)
	}
	definitions := slices.IndexFunc(objects, func(m manifest) bool { return rank(m) > 0 })
	if definitions < 0 {
		definitions = len(objects)
	}
	for i, object := range objects {
		if i == definitions {
			if err := waitServed(ctx, c.RESTMapper(), objects[:definitions]); err != nil {
				return err
			}
		}
		if err := apply(ctx, c, object); err != nil {
			return fmt.Errorf("applying %s: %w", object, err)
		}
	}
	if definitions == len(objects) {
		return waitServed(ctx, c.RESTMapper(), objects)
	}
	return nil
}

// manifest is an object and the file it is from.
type manifest struct {
	*unstructured.Unstructured
	file string
}

// String names the object in errors.
func (m manifest) String() string {
	return fmt.Sprintf("%s %s of %s", m.GetKind(), m.GetName(), m.file)
}

// rank orders manifests: definitions are 0.
func rank(m manifest) int {
	switch m.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:
		return 0
	case schema.GroupKind{Kind: "Namespace"}:
		return 1
	default:
		return 2
	}
}

// readManifests reads files and the *.yaml files of directories.
func readManifests(paths []string) ([]manifest, error) {
	var objects []manifest
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		files := []string{path}
		if info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(path, "*.yaml")); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("%s has no *.yaml files to apply", path)
			}
		}
		for _, file := range files {
			read, err := readManifest(file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			objects = append(objects, read...)
		}
	}
	return objects, nil
}

func readManifest(file string) ([]manifest, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var objects []manifest
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object := manifest{Unstructured: &unstructured.Unstructured{}, file: file}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return nil, err
		}
		if len(object.Object) == 0 || strings.HasPrefix(object.GetAPIVersion(), "kustomize.config.k8s.io/") {
			continue
		}
		if object.GetKind() == "" || object.GetName() == "" {
			return nil, errors.New("an object without a kind or a name: every document must be one object")
		}
		objects = append(objects, object)
	}
}

func apply(ctx context.Context, c client.Client, object manifest) error {
	mapping, err := c.RESTMapper().RESTMapping(object.GroupVersionKind().GroupKind(), object.GroupVersionKind().Version)
	if err != nil {
		return err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace && object.GetNamespace() == "" {
		object.SetNamespace("default")
	}
	return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.Unstructured), client.FieldOwner(FieldOwner), client.ForceOwnership)
}

// waitServed waits until clients find what the definitions define, which is after they are established.
func waitServed(ctx context.Context, mapper meta.RESTMapper, definitions []manifest) error {
	ctx, cancel := context.WithTimeout(ctx, servedTimeout)
	defer cancel()
	for _, definition := range definitions {
		for {
			err := served(mapper, definition)
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not served: %w; see its status.conditions", definition, err)
			case <-time.After(pollInterval):
			}
		}
	}
	return nil
}

// served is an error until the API server serves every version of the definition that it should.
func served(mapper meta.RESTMapper, definition manifest) error {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, version := range versions {
		fields, _ := version.(map[string]any)
		if isServed, _ := fields["served"].(bool); !isServed {
			continue
		}
		name, _ := fields["name"].(string)
		if _, err := mapper.RESTMapping(schema.GroupKind{Group: group, Kind: kind}, name); err != nil {
			return err
		}
	}
	return nil
}
