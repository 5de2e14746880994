package controllers

import (
	"context"
	"fmt"
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
	set := s.current.Load().Update(list.Items, s.checks)
	s.current.Store(set)
	return set, nil
}
