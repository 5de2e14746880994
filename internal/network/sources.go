package network

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"plumbline.dev/plumbline/internal/workload"
)

// Sources are the workloads of a cluster as senders of traffic. What a controller consists of, such as its revisions or the pods
// of a kind that nobody watches, are its parts: it is the source. Workloads of one namespace whose pods have the same labels
// are one class: policies cannot tell them apart. So 10,000 workloads cost as much as the classes they make. It may be used by
// many at once: whoever tells what comes and goes never waits for those who judge.
type Sources struct {
	// building is held by the one who makes the index; those who ask too wait for it.
	building sync.Mutex

	mu         sync.Mutex
	namespaces map[string]*namespace
	parts      map[workload.Ref]source
	classes    int

	// index is that of the classes as they are; nil since the last change of them. Each makes another state.
	index *index
	state int
}

// namespace is the classes of one, by the labels of the pods. All have the labels of the namespace, which are told where
// they are known from it itself.
type namespace struct {
	of      Pod
	told    bool
	classes map[string]*class
}

// class is the workloads that policies cannot tell apart, with how many of their parts are in it.
type class struct {
	pod  Pod
	key  string
	refs map[workload.Ref]int
}

// source is what a part belongs to.
type source struct {
	of    workload.Ref
	class *class
}

// NewSources returns Sources without workloads.
func NewSources() *Sources {
	return &Sources{namespaces: map[string]*namespace{}, parts: map[workload.Ref]source{}}
}

// Put adds a part of a workload by what its pods look like, or puts it in place of what it was. It is the workload itself where
// it has no parts. What the pod says about the labels of the namespace holds until somebody tells them: see Relabel. A pod on
// the host's network is no source, because no selector selects it. The maps of the pod are kept, and must not be changed.
//
// It says whether there are other sources than before, or sources that look different.
func (s *Sources) Put(part, of workload.Ref, pod Pod) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pod.HostNetwork {
		return s.drop(part)
	}
	pod.Ports = nil
	in := s.namespaces[pod.Namespace]
	if in == nil {
		in = &namespace{of: Pod{Namespace: pod.Namespace}, classes: map[string]*class{}}
		s.namespaces[pod.Namespace] = in
	}
	if !in.told {
		s.relabel(in, pod.NamespaceLabels)
	}
	pod.NamespaceLabels = in.of.NamespaceLabels
	key := textOf(&pod)
	old, known := s.parts[part]
	if known && old.of == of && old.class.pod.Namespace == pod.Namespace && old.class.key == key {
		return false
	}
	c := in.classes[key]
	if c == nil {
		c = &class{pod, key, map[workload.Ref]int{}}
		in.classes[key] = c
		s.classes++
		s.changed()
	}
	appeared := c.refs[of] == 0
	c.refs[of]++
	s.parts[part] = source{of, c}
	return known && s.leave(old) || appeared
}

// Delete takes a part of a workload out, and says whether there is a source less.
func (s *Sources) Delete(part workload.Ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drop(part)
}

// Relabel tells the labels of a namespace, and says whether sources look different now.
func (s *Sources) Relabel(name string, others map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.namespaces[name]
	if in == nil {
		in = &namespace{of: Pod{Namespace: name}, classes: map[string]*class{}}
		s.namespaces[name] = in
	}
	in.told = true
	return s.relabel(in, others) && len(in.classes) > 0
}

// Forget tells that a namespace is gone.
func (s *Sources) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in := s.namespaces[name]; in != nil {
		in.told = false
		s.sweep(in)
	}
}

func (s *Sources) relabel(in *namespace, others map[string]string) bool {
	if maps.Equal(in.of.NamespaceLabels, others) {
		return false
	}
	in.of.NamespaceLabels = others
	for _, c := range in.classes {
		c.pod.NamespaceLabels = others
	}
	s.changed()
	return true
}

func (s *Sources) drop(part workload.Ref) bool {
	old, known := s.parts[part]
	delete(s.parts, part)
	return known && s.leave(old)
}

// leave takes a part out of its class, and says whether the workload is in it no more.
func (s *Sources) leave(old source) bool {
	c := old.class
	if c.refs[old.of]--; c.refs[old.of] > 0 {
		return false
	}
	delete(c.refs, old.of)
	if len(c.refs) == 0 {
		in := s.namespaces[c.pod.Namespace]
		delete(in.classes, c.key)
		s.sweep(in)
		s.classes--
		s.changed()
	}
	return true
}

// sweep drops a namespace of which there is nothing to know.
func (s *Sources) sweep(in *namespace) {
	if len(in.classes) == 0 && !in.told {
		delete(s.namespaces, in.of.Namespace)
	}
}

func (s *Sources) changed() {
	s.index = nil
	s.state++
}

// indexed returns the index of the classes as they are now.
func (s *Sources) indexed() *index {
	s.building.Lock()
	defer s.building.Unlock()
	known, classes, pods, state := s.snapshot()
	if known != nil {
		return known
	}
	built := newIndex(classes, pods)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == state {
		s.index = built
	}
	return built
}

// snapshot returns the index if there is one, and else what it is made of.
func (s *Sources) snapshot() (*index, []*class, []Pod, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index != nil {
		return s.index, nil, nil, s.state
	}
	classes, pods := make([]*class, 0, s.classes), make([]Pod, 0, s.classes)
	for _, in := range s.namespaces {
		for _, c := range in.classes {
			classes, pods = append(classes, c), append(pods, c.pod)
		}
	}
	return nil, classes, pods, s.state
}

// eachIn goes over the workloads of classes.
func (s *Sources) eachIn(leaking []leaking, visit func(at int, source workload.Ref)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range leaking {
		for source := range leaking[at].class.refs {
			visit(at, source)
		}
	}
}

// textOf tells what policies see of a pod from what they see of another of its namespace.
func textOf(pod *Pod) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(pod.Labels)) {
		text.WriteString(key)
		text.WriteByte(0)
		text.WriteString(pod.Labels[key])
		text.WriteByte(0)
	}
	for _, key := range pod.Added {
		text.WriteByte(0)
		text.WriteString(key)
	}
	return text.String()
}
