package scan

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/config/samples"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/manifest"
)

// Presets returns the names of the ready baselines.
func Presets() []string {
	entries, err := samples.Presets.ReadDir(".")
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
	}
	return names
}

// preset returns the ready baseline of a name. It is part of the program, and known to be valid.
func preset(name string) (declared, error) {
	if !slices.Contains(Presets(), name) {
		return declared{}, fmt.Errorf("there is no preset %s; the presets are: %s", engine.Printable(name), strings.Join(Presets(), ", "))
	}
	data, err := samples.Presets.ReadFile(name + ".yaml")
	if err != nil {
		return declared{}, err
	}
	sb := &v1alpha1.SecurityBaseline{}
	if err := yaml.UnmarshalStrict(data, sb); err != nil {
		return declared{}, fmt.Errorf("the preset %s: %w", name, err)
	}
	return declared{sb, manifest.Source{File: "preset " + name, Line: 1}}, nil
}

// readBaselines reads the SecurityBaselines of files. Whatever is wrong with them is an error: a baseline that is left out
// would let everything pass.
func readBaselines(ctx context.Context, loader *manifest.Loader, files []string) ([]declared, error) {
	var found []declared
	var wrong []error
	for object, problem := range loader.Load(ctx, files) {
		if problem != nil {
			wrong = append(wrong, errors.New(engine.Printable(problem.Error())))
		} else if sb, is := object.Object.(*v1alpha1.SecurityBaseline); is {
			found = append(found, declared{sb, object.Source})
		}
	}
	if len(found) == 0 && len(wrong) == 0 {
		wrong = append(wrong, fmt.Errorf("there is no SecurityBaseline in %s", strings.Join(files, ", ")))
	}
	for _, one := range found {
		wrong = append(wrong, refusals(ctx, one, loader)...)
	}
	return found, errors.Join(wrong...)
}

// compile makes baselines ready to judge by, and says what is wrong with them.
func compile(found []declared, checks []engine.Check) (*baseline.Set, error) {
	items := make([]v1alpha1.SecurityBaseline, len(found))
	sources := map[string]manifest.Source{}
	for i := range found {
		sb := found[i].baseline
		if first, twice := sources[sb.Name]; twice {
			return nil, fmt.Errorf("%s: there is a SecurityBaseline %s in %s already: give each a name of its own",
				found[i].source, engine.Printable(sb.Name), first)
		}
		items[i], sources[sb.Name] = *sb, found[i].source
	}
	var set *baseline.Set
	set = set.Update(items, checks)
	var wrong []error
	for _, b := range set.All() {
		at := sources[b.Name].String()
		if b.Invalid() {
			wrong = append(wrong, fmt.Errorf("%s: SecurityBaseline %s: %s", at, engine.Printable(b.Name), engine.Printable(strings.TrimSuffix(b.Frozen, "."))))
		}
		for _, exception := range b.Exceptions {
			if exception.Invalid != "" {
				wrong = append(wrong, fmt.Errorf("%s: SecurityBaseline %s: %s", at, engine.Printable(b.Name), engine.Printable(exception.Invalid)))
			}
		}
	}
	return set, errors.Join(wrong...)
}
