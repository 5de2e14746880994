package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// group is what goes into one baseline, if that can hold it.
type group struct {
	snapshot *Snapshot
	home     string // the namespace; empty for several, and for none
	kinds    []schema.GroupKind
	items    map[schema.GroupKind][]*item
	builtin  map[schema.GroupKind][]*item // what is as Kubernetes makes it, and not declared
	surplus  []*item                      // what is so, and declared all the same
	modified []*item
	leftOut  []omission
	open     []string // the lists that are not closed, and why
	closes   map[schema.GroupKind]bool
	unseen   bool // something that Kubernetes makes is ignored, and nobody has seen it
}

// part is a baseline.
type part struct {
	group  *group
	name   string
	number int
	items  []*item
	size   int
	closed []*entry
}

// plan divides what there is.
func (s *Snapshot) plan() ([]*part, error) {
	if s.planned == nil && s.failed == nil {
		s.planned, s.failed = s.divide()
	}
	return s.planned, s.failed
}

func (s *Snapshot) divide() ([]*part, error) {
	for _, pattern := range s.options.Namespaces {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(s.namespaces)), func(name string) bool { return glob.Match(pattern, name) }) {
			return nil, fmt.Errorf("no namespace is called %s: correct the name, or leave it out", pattern)
		}
	}
	slices.SortFunc(s.leftOut, func(a, b omission) int { return compareRefs(a.ref, b.ref) })
	groups := s.groups()
	var parts []*part
	for _, g := range groups {
		divided, err := g.divide()
		if err != nil {
			return nil, err
		}
		parts = append(parts, divided...)
		s.note(g)
	}
	if len(parts) == 0 {
		return nil, errors.New("nothing was found that could be written: choose other namespaces or kinds")
	}
	return parts, unique(parts)
}

// note tells what is missing.
func (s *Snapshot) note(g *group) {
	for _, left := range g.leftOut {
		s.notes = append(s.notes, printable(left.ref)+" is left out: "+engine.Printable(left.why))
	}
	s.notes = append(s.notes, g.open...)
}

func unique(parts []*part) error {
	seen := map[string]bool{}
	for _, p := range parts {
		if seen[p.name] {
			return fmt.Errorf("two baselines would be called %s: choose another name to begin theirs", p.name)
		}
		seen[p.name] = true
	}
	return nil
}

// groups gathers what belongs together.
func (s *Snapshot) groups() []*group {
	var all []*group
	byHome := map[string]*group{}
	add := func(home string, which func(schema.GroupKind) bool) {
		g := &group{snapshot: s, home: home, items: map[schema.GroupKind][]*item{}, builtin: map[schema.GroupKind][]*item{}}
		g.closes = map[schema.GroupKind]bool{}
		for gk := range s.kinds {
			if which(gk) {
				g.kinds = append(g.kinds, gk)
			}
		}
		slices.SortFunc(g.kinds, func(a, b schema.GroupKind) int { return cmp.Compare(a.Kind, b.Kind) })
		if byHome[home] = g; len(g.kinds) > 0 {
			all = append(all, g)
		}
	}
	if s.options.SplitBy == Unsplit {
		add("", func(schema.GroupKind) bool { return true })
	} else {
		add("", ClusterScoped)
		for _, home := range slices.Sorted(maps.Keys(s.namespaces)) {
			add(home, func(gk schema.GroupKind) bool { return !ClusterScoped(gk) })
		}
	}
	of := func(ref workload.Ref) *group {
		if s.options.SplitBy == Unsplit {
			return byHome[""]
		}
		return byHome[ref.Namespace]
	}
	for _, ref := range slices.SortedFunc(maps.Keys(s.items), compareRefs) {
		of(ref).add(s.items[ref])
	}
	for _, left := range s.leftOut {
		g := of(left.ref)
		g.leftOut = append(g.leftOut, left)
	}
	return all
}

func (g *group) add(one *item) {
	gk := one.ref.GroupKind()
	if one.role != nil {
		one.builtin, one.modified = builtin.RoleStanding(one.role, g.snapshot.roles)
	}
	switch one.builtin {
	case builtin.Known:
		g.builtin[gk] = append(g.builtin[gk], one)
		return
	case builtin.Modified:
		g.modified = append(g.modified, one)
	}
	g.items[gk] = append(g.items[gk], one)
}

// unread says why nothing is known of a kind; empty where all is.
func (g *group) unread(gk schema.GroupKind) string {
	if why := g.snapshot.unread[where{gk, ""}]; why != "" {
		return why
	}
	if g.home != "" || ClusterScoped(gk) {
		return g.snapshot.unread[where{gk, g.home}]
	}
	for _, home := range slices.Sorted(maps.Keys(g.snapshot.namespaces)) {
		if why := g.snapshot.unread[where{gk, home}]; why != "" {
			return why
		}
	}
	return ""
}

// holds says whether an object would belong to the group.
func (g *group) holds(ref workload.Ref) bool {
	s := g.snapshot
	if s.options.SplitBy == ByNamespace {
		return ref.Namespace == g.home
	}
	return ref.Namespace == "" || s.CoversNamespace(ref.Namespace)
}

// divide makes baselines of a group: as many as it takes.
func (g *group) divide() ([]*part, error) {
	var parts []*part
	for _, gk := range g.kinds {
		if g.unread(gk) != "" {
			continue
		}
		for _, on := range g.onShelves(gk) {
			last := len(parts) - 1
			if last < 0 || len(parts[last].items)+len(on.items) > maxItems || parts[last].size+on.size > maxObjects {
				parts = append(parts, &part{group: g, number: len(parts) + 1})
				last++
			}
			p := parts[last]
			p.items, p.size, p.closed = append(p.items, on.items...), p.size+on.size, append(p.closed, on.closed...)
		}
	}
	parts = slices.DeleteFunc(parts, func(p *part) bool { return len(p.items)+len(p.closed) == 0 })
	for i, p := range parts {
		p.number, p.name, p.closed = i+1, nameOf(g.snapshot.options.Name, g.home, i+1), merged(p.closed)
		if len(p.closed) > maxInventories {
			return nil, fmt.Errorf("baseline %s would have more than %d inventories: split by %s", p.name, maxInventories, ByNamespace)
		}
	}
	return parts, nil
}

// filled is a shelf, and how the list is closed for what is on it.
type filled struct {
	*shelf
	closed []*entry
}

// onShelves divides the objects of a kind.
func (g *group) onShelves(gk schema.GroupKind) []filled {
	var c *closing
	if g.snapshot.options.Inventory {
		c = g.closeList(gk, g.patterns(gk))
	}
	items := g.items[gk]
	slices.SortFunc(items, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.ref.Name, b.ref.Name), cmp.Compare(a.ref.Namespace, b.ref.Namespace))
	})
	shelves, separable := shelve(items)
	all := make([]filled, len(shelves))
	for i, on := range shelves {
		slices.SortFunc(on.items, func(a, b *item) int { return compareRefs(a.ref, b.ref) })
		all[i].shelf = on
	}
	if c == nil {
		return all
	}
	if c.why == "" && !separable {
		c.why = "there are too many of them for one baseline, and patterns do not tell their names apart"
	}
	for i := range all {
		entries := g.entries(gk, c, patternsBut(shelves, i))
		if c.why == "" && slices.ContainsFunc(entries, func(e *entry) bool { return len(e.ignore) > maxIgnored }) {
			c.why = "there are too many of them for one baseline, and it would take too many patterns to tell their names apart"
		}
		all[i].closed = entries
	}
	if g.closes[gk] = c.why == ""; c.why != "" {
		g.open = append(g.open, "The list of "+plural(gk.Kind)+g.where()+" is not closed: "+c.why+".")
		for i := range all {
			all[i].closed = nil
		}
	}
	return all
}

// patterns is the room that a kind needs for patterns, which tell the names in one baseline from those in others.
func (g *group) patterns(gk schema.GroupKind) int {
	if (&shelf{}).fits(len(g.items[gk])+len(g.builtin[gk]), sizeOf(g.items[gk])+sizeOf(g.builtin[gk])) {
		return 0
	}
	return maxIgnored / 2
}

func patternsBut(shelves []*shelf, but int) []string {
	var all []string
	for i := range shelves {
		if i != but {
			all = append(all, shelves[i].patterns...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (g *group) where() string {
	if g.home == "" {
		return ""
	}
	return " in namespace " + g.home
}

// refOf returns the identity of a role or a binding.
func refOf(obj runtime.Object) (workload.Ref, bool) {
	if role, is := rbac.RoleOf(obj); is {
		return role.Ref, true
	}
	if binding, is := rbac.BindingOf(obj); is {
		return binding.Ref, true
	}
	return workload.Ref{}, false
}

func compareRefs(a, b workload.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name))
}

func printable(ref workload.Ref) string { return engine.Printable(ref.String()) }
