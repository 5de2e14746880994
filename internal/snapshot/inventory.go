package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// The bounds of inventories: see the CRD.
const (
	maxInventories = 16
	maxIgnored     = 64
	maxPattern     = 253
	maxNames       = 256
)

// namespacesOfKubernetes are those that the API server makes.
var namespacesOfKubernetes = []string{
	corev1.NamespaceDefault, corev1.NamespaceNodeLease, metav1.NamespacePublic, metav1.NamespaceSystem,
}

// closing says how the list of a kind is closed.
type closing struct {
	// why is the reason for which it is not; empty where it is.
	why string
	// ignored are names by the namespace of the objects; empty for what is in none.
	ignored map[string][]string
}

// always returns what is ignored of a kind wherever it is.
func (g *group) always(gk schema.GroupKind) []map[string]any {
	switch {
	case madeAnew(gk):
		return []map[string]any{{"owned": true}}
	case gk.Kind == serviceAccountKind:
		return named(workload.DefaultServiceAccount)
	case gk.Kind == namespaceKind && g.snapshot.options.Files:
		return named(namespacesOfKubernetes...)
	}
	return nil
}

func named(names ...string) []map[string]any {
	all := make([]map[string]any, len(names))
	for i := range names {
		all[i] = map[string]any{nameField: names[i]}
	}
	return all
}

// closeList decides how the list of a kind is closed, with room for so many patterns. What Kubernetes makes and an inventory has
// no room to ignore is declared.
func (g *group) closeList(gk schema.GroupKind, patterns int) *closing {
	c := &closing{ignored: map[string][]string{}}
	if !closable(gk) {
		c.why = "no inventory can close it"
		return c
	}
	for _, left := range g.leftOut {
		if left.ref.GroupKind() == gk {
			c.ignore(&left)
		}
	}
	g.ignoreUnseen(gk, c)
	room := maxIgnored - len(g.always(gk)) - patterns
	var more []*item
	g.builtin[gk] = slices.DeleteFunc(g.builtin[gk], func(one *item) bool {
		if names := c.ignored[one.ref.Namespace]; len(names) < room {
			c.ignored[one.ref.Namespace] = append(names, one.ref.Name)
			return false
		}
		more = append(more, one)
		return true
	})
	g.items[gk] = append(g.items[gk], more...)
	g.surplus = append(g.surplus, more...)
	for _, names := range c.ignored {
		if len(names) > room && c.why == "" {
			c.why = fmt.Sprintf("%d of them cannot be declared, and an inventory has room to ignore %d", len(names), room)
		}
	}
	return c
}

// ignore takes in an object that cannot be declared.
func (c *closing) ignore(left *omission) {
	if left.pattern == "" || len(left.pattern) > maxPattern || strings.Contains(strings.TrimSuffix(left.pattern, "*"), "*") {
		c.why = "no pattern tells " + printable(left.ref) + ", which cannot be declared, from others"
		return
	}
	c.ignored[left.ref.Namespace] = append(c.ignored[left.ref.Namespace], left.pattern)
}

// ignoreUnseen takes in what Kubernetes makes itself, and what is in no file.
func (g *group) ignoreUnseen(gk schema.GroupKind, c *closing) {
	if !g.snapshot.options.Files {
		return
	}
	for _, obj := range builtin.Objects() {
		ref, is := refOf(obj)
		if is && ref.GroupKind() == gk && g.holds(ref) && g.snapshot.items[ref] == nil {
			c.ignored[ref.Namespace] = append(c.ignored[ref.Namespace], ref.Name)
			g.unseen = true
		}
	}
}

// entry is one item of spec.inventory.
type entry struct {
	kinds            []string
	include, exclude []string
	ignore           []map[string]any
}

// entries returns how the list of a kind is closed by the baseline that has a shelf of it; others are the names of other
// shelves.
func (g *group) entries(gk schema.GroupKind, c *closing, others []string) []*entry {
	common := append(g.always(gk), named(others...)...)
	one := func(names []string) *entry {
		slices.Sort(names)
		return &entry{kinds: []string{gk.Kind}, ignore: append(slices.Clone(common), named(slices.Compact(names)...)...)}
	}
	if ClusterScoped(gk) || g.home != "" {
		return []*entry{one(c.ignored[g.homeOf(gk)])}
	}
	rest := one(nil)
	all := []*entry{rest}
	for _, home := range slices.Sorted(maps.Keys(c.ignored)) {
		rest.exclude = append(rest.exclude, home)
		there := one(c.ignored[home])
		there.include = []string{home}
		all = append(all, there)
	}
	return all
}

func (g *group) homeOf(gk schema.GroupKind) string {
	if ClusterScoped(gk) {
		return ""
	}
	return g.home
}

// merged makes one of entries that say the same of several kinds.
func merged(all []*entry) []*entry {
	var kept []*entry
	at := map[string]*entry{}
	for _, one := range all {
		key := fmt.Sprint(one.include, one.exclude, one.ignore)
		if same := at[key]; same != nil {
			same.kinds = append(same.kinds, one.kinds...)
			continue
		}
		at[key] = one
		kept = append(kept, one)
	}
	slices.SortStableFunc(kept, func(a, b *entry) int { return cmp.Compare(len(a.ignore), len(b.ignore)) })
	return kept
}

// tree returns the entry as it is written.
func (e *entry) tree() map[string]any {
	tree := map[string]any{"kinds": e.kinds}
	namespaces := map[string]any{}
	if len(e.include) > 0 {
		namespaces["include"] = e.include
	}
	if len(e.exclude) > 0 {
		namespaces["exclude"] = e.exclude
	}
	if len(namespaces) > 0 {
		tree["namespaces"] = namespaces
	}
	if len(e.ignore) > 0 {
		tree["ignore"] = e.ignore
	}
	return tree
}
