package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
)

// snapshot is the compiled baselines of the cluster, which workers read without a lock.
type snapshot struct {
	reader  client.Reader // the cache
	checks  []engine.Check
	mu      sync.Mutex
	current atomic.Pointer[baseline.Set]
	// superseded are the generations by which targets may have been judged and that are in force no more, by name, until a pass
	// was begun over what they cover. A worker may make the first set, so that not every one of them ever was passed.
	superseded map[string][]*baseline.Baseline
}

// get returns the set of baselines, and makes the first.
func (s *snapshot) get(ctx context.Context) (*baseline.Set, error) {
	if set := s.current.Load(); set != nil {
		return set, nil
	}
	return s.refresh(ctx)
}

// refresh compiles what has changed since the last set was made. Each generation of a baseline is compiled once.
func (s *snapshot) refresh(ctx context.Context) (*baseline.Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list v1alpha1.SecurityBaselineList
	if err := s.reader.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list SecurityBaselines: %w", err)
	}
	before := s.current.Load()
	set := before.Update(list.Items, s.checks)
	if s.superseded == nil {
		s.superseded = map[string][]*baseline.Baseline{}
	}
	for _, b := range before.All() {
		if set.Get(b.Name) != b {
			s.superseded[b.Name] = append(s.superseded[b.Name], b)
		}
	}
	s.current.Store(set)
	return set, nil
}

// formerly returns the superseded generations of a baseline.
func (s *snapshot) formerly(name string) []*baseline.Baseline {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.superseded[name])
}

// gone returns the names of the baselines that are in force no more.
func (s *snapshot) gone(set *baseline.Set) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.superseded)), func(name string) bool { return set.Get(name) != nil })
}

// passed forgets the superseded generations of a baseline, once a pass over what they cover was begun.
func (s *snapshot) passed(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.superseded, name)
}
