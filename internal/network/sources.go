package network

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/labels"

	"plumbline.dev/plumbline/internal/workload"
)

// Sources are the workloads of a cluster as senders of traffic. Those of one namespace whose pods have the same labels are
// one class: policies cannot tell them apart. So 10,000 workloads cost as much as the classes they make, and what a peer
// selects is looked up once, until a class comes or goes. It may be used by many at once.
type Sources struct {
	mu         sync.Mutex
	namespaces map[string]*namespace
	classes    map[workload.Ref]*class
	selected   map[string][]*class
	remembered int
}

// namespace is the classes of one, by the labels of the pods. All have the labels of the namespace.
type namespace struct {
	of      Pod
	classes map[string]*class
}

// class is the workloads that policies cannot tell apart.
type class struct {
	pod  Pod
	key  string
	refs map[workload.Ref]bool
}

// maxRemembered bounds how many classes are kept as selected by one peer or another.
const maxRemembered = 1 << 20

// NewSources returns Sources without workloads.
func NewSources() *Sources {
	return &Sources{
		namespaces: map[string]*namespace{},
		classes:    map[workload.Ref]*class{},
		selected:   map[string][]*class{},
	}
}

// Put adds a workload by what its pods look like, or puts it in place of what it was. What it says about the labels of the
// namespace holds for all workloads in it. A workload on the host's network is no source, because no selector selects its
// pods. The maps of the pod are kept, and must not be changed.
func (s *Sources) Put(ref workload.Ref, pod Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pod.HostNetwork {
		s.drop(ref)
		return
	}
	pod.Ports = nil
	s.relabel(pod.Namespace, pod.NamespaceLabels)
	key := textOf(pod.Labels)
	if old := s.classes[ref]; old != nil {
		if old.pod.Namespace == pod.Namespace && old.key == key {
			return
		}
		s.drop(ref)
	}
	in := s.namespaces[pod.Namespace]
	if in == nil {
		in = &namespace{Pod{Namespace: pod.Namespace, NamespaceLabels: pod.NamespaceLabels}, map[string]*class{}}
		s.namespaces[pod.Namespace] = in
	}
	c := in.classes[key]
	if c == nil {
		c = &class{pod, key, map[workload.Ref]bool{}}
		in.classes[key] = c
		s.forget()
	}
	c.refs[ref], s.classes[ref] = true, c
}

// Delete takes a workload out.
func (s *Sources) Delete(ref workload.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(ref)
}

// Relabel gives a namespace other labels.
func (s *Sources) Relabel(name string, others map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relabel(name, others)
}

func (s *Sources) relabel(name string, others map[string]string) {
	in := s.namespaces[name]
	if in == nil || maps.Equal(in.of.NamespaceLabels, others) {
		return
	}
	in.of.NamespaceLabels = others
	for _, c := range in.classes {
		c.pod.NamespaceLabels = others
	}
	s.forget()
}

func (s *Sources) drop(ref workload.Ref) {
	c := s.classes[ref]
	if c == nil {
		return
	}
	delete(s.classes, ref)
	delete(c.refs, ref)
	if len(c.refs) > 0 {
		return
	}
	in := s.namespaces[c.pod.Namespace]
	delete(in.classes, c.key)
	if len(in.classes) == 0 {
		delete(s.namespaces, c.pod.Namespace)
	}
	s.forget()
}

func (s *Sources) forget() {
	clear(s.selected)
	s.remembered = 0
}

// selectedBy returns the classes that the peer of a policy in the namespace selects.
func (s *Sources) selectedBy(p *peer, home string) []*class {
	if p.pods == nil {
		return nil
	}
	key := p.key
	if p.namespaces == nil {
		key = home + "\x00" + key
	}
	if found, ok := s.selected[key]; ok {
		return found
	}
	found := s.find(p, home)
	if s.remembered += len(found) + 1; s.remembered > maxRemembered {
		s.forget()
	}
	s.selected[key] = found
	return found
}

func (s *Sources) find(p *peer, home string) []*class {
	if p.namespaces != nil {
		var found []*class
		for _, in := range s.namespaces {
			if p.namespaces.Matches((*namespaceOf)(&in.of)) {
				found = in.selectedBy(p, found)
			}
		}
		return found
	}
	if in := s.namespaces[home]; in != nil {
		return in.selectedBy(p, nil)
	}
	return nil
}

// selectedBy appends the classes of the namespace, which the peer selects, whose pods it selects too.
func (n *namespace) selectedBy(p *peer, found []*class) []*class {
	for _, c := range n.classes {
		if p.pods.Matches(labels.Set(c.pod.Labels)) {
			found = append(found, c)
		}
	}
	return found
}

// textOf tells labels from other labels.
func textOf(all map[string]string) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(all)) {
		text.WriteString(key)
		text.WriteByte(0)
		text.WriteString(all[key])
		text.WriteByte(0)
	}
	return text.String()
}
