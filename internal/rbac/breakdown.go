package rbac

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// The bounds of a breakdown, in pieces of one verb, group, resource and name. The rules of one object of 1.5 MiB, the most
// that etcd takes, could make a hundred million.
const (
	maxPieces = 1 << 16
	minPieces = 16 // what every rule may have, however many pieces others have made
)

// piece is one verb on one resource of one group, or on one path. The names are sorted, and shared: nobody changes them.
type piece struct {
	path, group, resource, verb string
	names                       []string
}

// breakdown gathers pieces. The zero value is empty.
type breakdown struct {
	pieces []piece
	spent  int
	cut    bool // a list was too long to be broken down
}

func (d *breakdown) addRule(rule *rbacv1.PolicyRule) {
	d.add(rule.Verbs, rule.APIGroups, rule.Resources, sorted(rule.ResourceNames))
	d.addPaths(rule.Verbs, rule.NonResourceURLs)
}

// add breaks down a rule about resources. The names must be sorted.
func (d *breakdown) add(verbs, groups, resources, names []string) {
	verbs, groups, resources = absorb(verbs), absorb(groups), absorb(resources)
	if len(verbs) == 0 || len(groups) == 0 || len(resources) == 0 {
		return
	}
	d.fit([]factor{{&names, "names"}, {&groups, "API groups"}, {&resources, "resources"}, {&verbs, "verbs"}})
	d.pieces = slices.Grow(d.pieces, len(verbs)*len(groups)*len(resources))
	for _, group := range groups {
		for _, resource := range resources {
			for _, verb := range verbs {
				d.pieces = append(d.pieces, piece{group: group, resource: resource, verb: verb, names: names})
			}
		}
	}
}

func (d *breakdown) addPaths(verbs, paths []string) {
	if len(paths) == 0 || len(verbs) == 0 {
		return
	}
	verbs, paths = absorb(verbs), absorb(plainPaths(paths))
	d.fit([]factor{{&paths, "paths"}, {&verbs, "verbs"}})
	for _, path := range paths {
		for _, verb := range verbs {
			d.pieces = append(d.pieces, piece{path: path, verb: verb})
		}
	}
}

// plainPaths spells patterns alike: several stars at the end are one, and every path begins with a slash. An empty path
// is none.
func plainPaths(paths []string) []string {
	plain := make([]string, 0, len(paths))
	for _, path := range paths {
		if begin := strings.TrimRight(path, "*"); begin == "/" && begin != path {
			path = all
		} else if begin != path {
			path = begin + "*"
		}
		if path != "" {
			plain = append(plain, path)
		}
	}
	return plain
}

// absorb leaves of a list with a wildcard the wildcard alone: it holds the others.
func absorb(list []string) []string {
	if i := slices.Index(list, all); i >= 0 {
		return list[i : i+1]
	}
	return list
}

// sorted returns a list sorted and without what it says twice. It does not change the list.
func sorted(list []string) []string {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// factor is one of the lists that multiply.
type factor struct {
	of   *[]string
	noun string
}

// fit shortens the longest of the lists to one word until a rule makes no more pieces than there is room for, and takes that room.
func (d *breakdown) fit(lists []factor) {
	room := max(maxPieces-d.spent, minPieces)
	n := product(lists, room)
	for ; n > room; n = product(lists, room) {
		longest := slices.MaxFunc(lists, func(a, b factor) int { return cmp.Compare(len(*a.of), len(*b.of)) })
		*longest.of = summary(*longest.of, longest.noun)
		d.cut = true
	}
	d.spent += n
}

// product multiplies the lengths of lists, where an empty list is of one. It ends above the limit: the whole may be too
// large for any number.
func product(lists []factor, limit int) int {
	n := 1
	for _, l := range lists {
		if n *= max(len(*l.of), 1); n > limit {
			return n
		}
	}
	return n
}

// summary stands for a list that is too long to break down. It is the same for the same list only.
func summary(list []string, noun string) []string {
	list = sorted(list)
	if len(list) == 1 {
		return list
	}
	hash := fnv.New64a()
	for _, s := range list {
		_, _ = fmt.Fprintf(hash, "%d:%s", len(s), s)
	}
	return []string{fmt.Sprintf("%d %s (%016x)", len(list), noun, hash.Sum64())}
}

// merge returns the permissions that the pieces make.
func (d *breakdown) merge() []Permission {
	if len(d.pieces) == 0 {
		return nil
	}
	slices.SortFunc(d.pieces, comparePieces)
	pieces := mergeNames(d.pieces)
	permissions := make([]Permission, 0, min(len(pieces), 64))
	verbs := make([]string, 0, len(pieces))
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && sameTarget(&pieces[n], &pieces[0]) {
			n++
		}
		permissions, verbs = mergeVerbs(permissions, verbs, pieces[:n])
		pieces = pieces[n:]
	}
	return permissions
}

func comparePieces(a, b piece) int {
	return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.group, b.group), strings.Compare(a.resource, b.resource),
		strings.Compare(a.verb, b.verb), cmp.Compare(len(a.names), len(b.names)))
}

func sameTarget(a, b *piece) bool {
	return a.resource == b.resource && a.group == b.group && a.path == b.path
}

// mergeNames makes one piece of those that differ in their names only. No names are all names, and sort first.
func mergeNames(pieces []piece) []piece {
	kept := pieces[:0]
	for i := 0; i < len(pieces); {
		end := i + 1
		for end < len(pieces) && pieces[end].verb == pieces[i].verb && sameTarget(&pieces[end], &pieces[i]) {
			end++
		}
		merged := pieces[i]
		if end > i+1 && len(merged.names) > 0 {
			var names []string
			for _, p := range pieces[i:end] {
				names = append(names, p.names...)
			}
			merged.names = sorted(names)
		}
		kept = append(kept, merged)
		i = end
	}
	return kept
}

// mergeVerbs makes permissions of the pieces of one target: one for all verbs with the same names. The verbs are taken
// from one long list.
func mergeVerbs(permissions []Permission, verbs []string, pieces []piece) ([]Permission, []string) {
	pieces = dropHeld(pieces)
	slices.SortStableFunc(pieces, func(a, b piece) int { return compareLists(a.names, b.names) })
	for len(pieces) > 0 {
		first, begin := pieces[0], len(verbs)
		for len(pieces) > 0 && compareLists(pieces[0].names, first.names) == 0 {
			verbs = append(verbs, pieces[0].verb)
			pieces = pieces[1:]
		}
		permissions = append(permissions, Permission{
			Verbs: verbs[begin:len(verbs):len(verbs)], Group: first.group, Resource: first.resource, Names: first.names, Path: first.path,
		})
	}
	return permissions, verbs
}

// dropHeld leaves out the pieces that the one with the wildcard verb holds.
func dropHeld(pieces []piece) []piece {
	i := slices.IndexFunc(pieces, func(p piece) bool { return p.verb == all })
	if i < 0 || len(pieces) == 1 {
		return pieces
	}
	held := pieces[i].names
	return slices.DeleteFunc(pieces, func(p piece) bool { return p.verb != all && subset(p.names, held) })
}

// subset says whether sorted names are all among others. No names are all names.
func subset(names, of []string) bool {
	if len(of) == 0 || len(names) == 0 {
		return len(of) == 0
	}
	for _, name := range names {
		if _, found := slices.BinarySearch(of, name); !found {
			return false
		}
	}
	return true
}

// compareLists is quick where two lists are one.
func compareLists(a, b []string) int {
	if len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) {
		return 0
	}
	return slices.Compare(a, b)
}
