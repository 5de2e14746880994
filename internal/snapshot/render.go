package snapshot

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/rbac/builtin"
)

// Header is the first line of every document.
const Header = "# Written by plumbline snapshot. It overwrites files that begin with this line.\n"

// render writes a baseline.
func (p *part) render() (*Document, error) {
	rest := map[string]any{"scope": p.scope()}
	if p.group.watchesBuiltin() && p.number == 1 {
		rest["rbac"] = map[string]any{"builtinRoles": string(v1alpha1.RuleUnmodified)}
	}
	if len(p.closed) > 0 {
		trees := make([]map[string]any, len(p.closed))
		for i := range p.closed {
			trees[i] = p.closed[i].tree()
		}
		rest["inventory"] = trees
	}
	rest["description"] = p.description()
	var out bytes.Buffer
	out.WriteString(Header)
	p.comment(&out)
	fmt.Fprintf(&out, "apiVersion: %s\nkind: SecurityBaseline\nmetadata:\n  name: %s\nspec:\n", v1alpha1.GroupVersion, p.name)
	before := out.Len()
	for _, field := range []string{"description", "scope", "rbac", "inventory"} {
		if rest[field] == nil {
			continue
		}
		text, err := yaml.Marshal(map[string]any{field: rest[field]})
		if err != nil {
			return nil, err
		}
		out.Write(indented(text))
	}
	if size := out.Len() - before; size > maxRest {
		return nil, fmt.Errorf("baseline %s: its inventory takes %d KiB: split by %s, or choose fewer namespaces", p.name, size>>10, ByNamespace)
	}
	if len(p.items) > 0 {
		out.WriteString("  declared:\n")
	}
	for _, one := range p.items {
		out.Write(one.text)
	}
	return &Document{Name: p.name, Text: out.Bytes()}, nil
}

func (p *part) description() string {
	what := "what there was"
	switch g := p.group; {
	case g.home != "":
		what = "what there was in namespace " + g.home
	case g.snapshot.options.SplitBy == ByNamespace:
		what = "what there was in no namespace"
	}
	if p.number > 1 {
		return fmt.Sprintf("Declares %s, part %d.", what, p.number)
	}
	return "Declares " + what + "."
}

// scope limits a baseline to what it is about.
func (p *part) scope() map[string]any {
	g, scope := p.group, map[string]any{}
	cluster, inNamespaces := false, g.home != ""
	for _, gk := range g.kinds {
		if ClusterScoped(gk) && gk.Kind != namespaceKind {
			cluster = true
		} else {
			inNamespaces = true
		}
	}
	scope["clusterScoped"] = cluster
	switch names := g.snapshot.options.Namespaces; {
	case g.home != "":
		scope["namespaces"] = map[string]any{"include": []string{g.home}}
	case !inNamespaces:
		scope["namespaces"] = map[string]any{"exclude": []string{"*"}}
	case len(names) > 0:
		scope["namespaces"] = map[string]any{"include": names}
	}
	return scope
}

// watchesBuiltin says whether the baseline has what Kubernetes makes watched, because it is not declared. Where it was
// changed already, that would be reported at once; what was changed is declared instead.
func (g *group) watchesBuiltin() bool {
	there := g.unseen
	for _, items := range g.builtin {
		there = there || len(items) > 0
	}
	if !there || g.home != "" {
		return there && len(g.modified) == 0
	}
	for _, one := range g.snapshot.items {
		if one.builtin == builtin.Modified {
			return false
		}
	}
	return true
}
