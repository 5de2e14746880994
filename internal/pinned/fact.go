package pinned

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"slices"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/resource"
)

// fact is one thing that an object says, in normal form. Objects are compared fact by fact.
type fact struct {
	key
	container string
	// value is what is compared, and shown is the same for people where that reads better.
	value, shown string
	// own says that the object says so itself; false for a default, and for what a container has from its pod.
	own bool
	// inherits says that a container has it from its pod. Where it does in both objects, only the pods are compared.
	inherits bool
	// optional says that it is nothing to an object which declares none: a label.
	optional bool
	// byDefault is what an object without the fact says; empty where it says nothing.
	byDefault string
	// rule says what a difference means.
	rule rule
	// rank is what rules go by: how weak the value is. size is it for values of other sorts, and nil for most.
	rank int
	size *measure
	// same says whether two values that are spelled differently mean the same.
	same func(declared, live string) bool
	// covered says whether another fact at the same path says this one too, as a wildcard does.
	covered func(f, by *fact) bool
	// under are the facts that it is part of: where these differ, they say all that there is to say.
	under []key
}

// measure is how much a value is, or what it chooses.
type measure struct {
	amount  resource.Quantity
	selects []requirement
	matches request
}

func (f *fact) measured() measure {
	if f.size == nil {
		return measure{}
	}
	return *f.size
}

// key tells a fact from the others of its object. member is empty for a field that has one value.
type key struct{ path, member string }

// item is the key of an item of a list that is a set.
func item(path, member string) key { return key{path, cmp.Or(member, `""`)} }

// rule says whether a difference loosens. Either fact is nil where the object has none.
type rule func(declared, live *fact) bool

// The rules.
var (
	// always is for what nobody can tell.
	always rule = func(_, _ *fact) bool { return true }
	// adds is for what weakens an object by being there.
	adds rule = func(_, live *fact) bool { return live != nil }
	// guards is for what makes an object strict by being there.
	guards rule = func(declared, _ *fact) bool { return declared != nil }
	// weaker is for values of known rank, 0 the strictest. Two of the same rank are not comparable.
	weaker rule = func(declared, live *fact) bool {
		switch {
		case declared == nil:
			return live.rank != 0
		case live == nil:
			return declared.rank == 0
		}
		return live.rank >= declared.rank
	}
	// limits is for the most that a container may use.
	limits rule = func(declared, live *fact) bool {
		if declared == nil || live == nil {
			return declared != nil
		}
		most := declared.measured().amount
		return most.Cmp(live.measured().amount) < 0
	}
	// chooses is for selectors of what is guarded: a wider one guards more.
	chooses rule = func(declared, live *fact) bool {
		return declared == nil || live == nil || !within(declared.measured().selects, live.measured().selects)
	}
)

// facts gathers the facts of an object.
type facts struct {
	list []fact
	// written says whether a field is written in the object, for fields whose type does not tell.
	written func(path string) bool
}

func (fs *facts) add(f fact) { fs.list = append(fs.list, f) }

var seed = maphash.MakeSeed()

// sum returns a hash of all that an object says, in whatever order it says it. Two objects with the same one say the same.
func (fs *facts) sum() uint64 {
	var all uint64
	for i := range fs.list {
		f := &fs.list[i]
		all += maphash.Comparable(seed, [...]string{f.path, f.member, f.value})
	}
	return all
}

func writtenAnywhere(string) bool { return true }

// index finds facts by what tells them apart, and those that may cover others by their path.
type index struct {
	list   []fact
	byKey  map[key]*fact
	covers map[string][]*fact
}

func newIndex(list []fact) *index {
	in := &index{list: list, byKey: make(map[key]*fact, len(list)), covers: map[string][]*fact{}}
	for i := range list {
		f := &list[i]
		in.byKey[f.key] = f
		if f.covered != nil {
			in.covers[f.path] = append(in.covers[f.path], f)
		}
	}
	return in
}

// maxCovering bounds how many facts are held against each other to find wildcards. What is beyond counts as different.
const maxCovering = 1 << 20

// comparison holds two objects against each other.
type comparison struct {
	declared, live *index
	match          Match
	left           int // of maxCovering
	found          []Difference
}

// differences compares facts. What an object says twice counts once.
func differences(declared, live *index, match Match) []Difference {
	c := &comparison{declared: declared, live: live, match: match, left: maxCovering}
	for i := range declared.list {
		if d := &declared.list[i]; declared.byKey[d.key] == d && (match != Contains || d.own) {
			c.compare(d, live.byKey[d.key])
		}
	}
	if match == Contains {
		return c.found
	}
	for i := range live.list {
		if l := &live.list[i]; live.byKey[l.key] == l && !l.optional && declared.byKey[l.key] == nil {
			c.gained(l)
		}
	}
	return c.found
}

func (c *comparison) compare(declared, live *fact) {
	switch {
	case !c.comparable(declared):
	case live == nil:
		if !declared.isDefault() && !c.covered(declared, c.live) {
			c.note(declared, declared, nil)
		}
	case declared.value == live.value, declared.inherits && live.inherits:
	case declared.same != nil && declared.same(declared.value, live.value):
	default:
		c.note(live, declared, live)
	}
}

func (c *comparison) gained(live *fact) {
	if c.comparable(live) && !live.isDefault() && !c.covered(live, c.declared) {
		c.note(live, nil, live)
	}
}

func (f *fact) isDefault() bool { return f.byDefault != "" && f.value == f.byDefault }

// comparable says whether what a fact is part of is the same on both sides.
func (c *comparison) comparable(f *fact) bool {
	for _, part := range f.under {
		declared, live := c.declared.byKey[part], c.live.byKey[part]
		if declared == nil || live == nil || declared.value != live.value {
			return false
		}
	}
	return true
}

func (c *comparison) covered(f *fact, by *index) bool {
	if f.covered == nil {
		return false
	}
	others := by.covers[f.path]
	if c.left -= len(others); c.left < 0 {
		return false
	}
	return slices.ContainsFunc(others, func(other *fact) bool { return f.covered(f, other) })
}

func (c *comparison) note(at, declared, live *fact) {
	value := at.member
	switch {
	case value != "":
	case live == nil:
		value = missing
	default:
		value = live.value
	}
	c.found = append(c.found, Difference{
		Container: at.container, Path: at.path, Value: short(value, maxValue),
		Expected: words(declared), Actual: words(live), Loosening: at.rule(declared, live),
	})
}

func words(f *fact) string {
	switch {
	case f == nil:
		return none
	case f.shown != "":
		return short(f.shown, maxWords)
	case f.value != "":
		return short(f.value, maxWords)
	}
	return short(f.member, maxWords)
}

// The bounds of texts, in bytes. They leave room for the escapes of what does not print.
const (
	maxValue = 200
	maxWords = 800
)

// short cuts a text. One that is cut ends in a hash of the whole, so that two that differ never look the same.
func short(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(s))
	end := fmt.Sprintf("…(%016x)", hash.Sum64())
	cut := limit - len(end)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + end
}
