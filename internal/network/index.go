package network

import (
	"math/bits"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"plumbline.dev/plumbline/internal/workload"
)

// index finds among classes those that selectors choose, without holding each class against each selector: one policy has room
// for tens of thousands of selectors, and a cluster for as many classes. What a requirement asks for costs one word for 64
// classes. An index does not change: it is that of the classes at one time.
type index struct {
	classes []*class
	pods    table
	spaces  table // by the labels of the namespaces that the classes are in

	// unsure are the classes that have labels of which nobody knows the value.
	unsure marks
}

// marks are classes, one bit each.
type marks []uint64

const perWord = 64

func newMarks(classes int) marks { return make(marks, (classes+perWord-1)/perWord) }

func (m marks) put(i int) { m[i/perWord] |= 1 << (i % perWord) }

// drop takes others out.
func (m marks) drop(others marks) {
	for i, word := range others {
		m[i] &^= word
	}
}

// each goes over the classes in order.
func (m marks) each(visit func(i int)) {
	for at, word := range m {
		for ; word != 0; word &= word - 1 {
			visit(at*perWord + bits.TrailingZeros64(word))
		}
	}
}

// table says which classes have a label, which have it with a value, and which have it with a value that nobody knows.
type table struct {
	has, added map[string]*entry
	is         map[label]*entry
}

type label struct{ key, value string }

// entry is some of the classes: a list of them or, where they are more than there are words, marks.
type entry struct {
	few  []int32
	many marks
}

func newTable() table {
	return table{has: map[string]*entry{}, added: map[string]*entry{}, is: map[label]*entry{}}
}

// newIndex makes the index of classes of which the pods look like this.
func newIndex(classes []*class, pods []Pod) *index {
	x := &index{classes: classes, pods: newTable(), spaces: newTable(), unsure: newMarks(len(pods))}
	for i := range pods {
		pod := &pods[i]
		x.pods.put(i, len(pods), pod.Labels)
		for _, key := range pod.Added {
			put(x.pods.has, key, i, len(pods))
			put(x.pods.added, key, i, len(pods))
			x.unsure.put(i)
		}
		x.spaces.put(i, len(pods), pod.NamespaceLabels, corev1.LabelMetadataName)
		put(x.spaces.has, corev1.LabelMetadataName, i, len(pods))
		put(x.spaces.is, label{corev1.LabelMetadataName, pod.Namespace}, i, len(pods))
	}
	return x
}

// put adds the labels of a class, but for those that are told in another way.
func (t *table) put(class, classes int, of map[string]string, but ...string) {
	for key, value := range of {
		if !slices.Contains(but, key) {
			put(t.has, key, class, classes)
			put(t.is, label{key, value}, class, classes)
		}
	}
}

func put[K comparable](in map[K]*entry, key K, class, classes int) {
	e := in[key]
	if e == nil {
		e = &entry{}
		in[key] = e
	}
	switch {
	case e.many != nil:
		e.many.put(class)
	case len(e.few) < classes/perWord+1:
		e.few = append(e.few, int32(class)) //nolint:gosec // there are fewer workloads than that
	default:
		e.many = newMarks(classes)
		e.many.put(class)
		for _, each := range e.few {
			e.many.put(int(each))
		}
		e.few = nil
	}
}

// requirement is one of a selector. All that the selector of labels says comes down to these: the label is there or, if any
// values are given, with one of them; or not.
type requirement struct {
	key    string
	valued bool
	values []string
	not    bool
}

func requirementsOf(selector labels.Selector) []requirement {
	all, _ := selector.Requirements()
	asked := make([]requirement, len(all))
	for i := range all {
		r := requirement{key: all[i].Key(), values: all[i].ValuesUnsorted()}
		switch all[i].Operator() {
		case selection.DoesNotExist:
			r.not = true
		case selection.NotIn, selection.NotEquals:
			r.not, r.valued = true, true
		case selection.In, selection.Equals, selection.DoubleEquals:
			r.valued = true
		case selection.Exists, selection.GreaterThan, selection.LessThan: // a LabelSelector has none of the last two
		}
		asked[i] = r
	}
	return asked
}

// choice is what chooses classes: requirements of the labels of the pods, and of those of their namespace.
type choice struct{ pods, spaces []requirement }

// search asks an index one question after another.
type search struct {
	*index
	found marks // the answer to the last question
	meets marks // what meets the requirement at hand

	// words is how many words were gone over so far, which tests hold against a bound.
	words int
}

func newSearch(x *index) search {
	return search{index: x, found: newMarks(len(x.classes)), meets: newMarks(len(x.classes))}
}

// choose finds those of some classes that are chosen, and says whether there are any.
func (s *search) choose(c *choice, among marks, how certainty) bool {
	copy(s.found, among)
	s.words += len(among)
	for i := range c.spaces {
		if !s.narrow(&s.spaces, &c.spaces[i], how) {
			return false
		}
	}
	for i := range c.pods {
		if !s.narrow(&s.pods, &c.pods[i], how) {
			return false
		}
	}
	return true
}

// narrow leaves of what was found what meets a requirement, and says whether anything is left.
func (s *search) narrow(in *table, r *requirement, how certainty) bool {
	clear(s.meets)
	if r.valued {
		for _, value := range r.values {
			s.add(in.is[label{r.key, value}])
		}
	} else {
		s.add(in.has[r.key])
	}
	if r.not {
		for i := range s.meets {
			s.meets[i] = ^s.meets[i]
		}
	}
	if unknown := in.added[r.key]; unknown != nil && (r.valued || workload.MayBeAbsent(r.key)) {
		if how == may {
			s.add(unknown)
		} else {
			s.drop(unknown)
		}
	}
	left := uint64(0)
	for i := range s.found {
		s.found[i] &= s.meets[i]
		left |= s.found[i]
	}
	s.words += len(s.found)
	return left != 0
}

func (s *search) add(e *entry) {
	if e == nil {
		return
	}
	s.words += len(e.few) + len(e.many)
	for _, class := range e.few {
		s.meets.put(int(class))
	}
	for i, word := range e.many {
		s.meets[i] |= word
	}
}

func (s *search) drop(e *entry) {
	s.words += len(e.few) + len(e.many)
	for _, class := range e.few {
		s.meets[class/perWord] &^= 1 << (class % perWord)
	}
	for i, word := range e.many {
		s.meets[i] &^= word
	}
}
