package facts

import (
	"context"
	"sync"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// remembered keeps what was made of roles until a role or a binding changes. One that is bound in every namespace, or many times in
// its own, is looked at for each of its bindings: without this, 5,000 bindings of ClusterRole view were each held against the 5,000.
type remembered[T any] struct {
	mu    sync.Mutex
	at    uint64
	byRef map[workload.Ref]T
}

// get returns what is kept of a role after so many changes, or makes and keeps it. The changes are counted before
// anything is read, so that what was read too early is not kept for later.
func (r *remembered[T]) get(changes uint64, ref workload.Ref, read func() (T, error)) (T, error) {
	r.mu.Lock()
	if r.at != changes || r.byRef == nil {
		r.at, r.byRef = changes, map[workload.Ref]T{}
	}
	known, is := r.byRef[ref]
	r.mu.Unlock()
	if is {
		return known, nil
	}
	made, err := read()
	if err != nil {
		return made, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == changes {
		r.byRef[ref] = made
	}
	return made, nil
}

// RBACChanged tells that a role or a binding in the cache is not what it was, or that the cache can be read again: what was
// made of roles is made anew. Who watches them calls it before he has judged again what the change touches.
func (c *Cluster) RBACChanged() { c.rbacChanges.Add(1) }

// again reads a role once more: who has it may have read it before the changes were counted.
func (c *Cluster) again(ctx context.Context, role *rbac.Role) (*rbac.Role, error) {
	fresh, err := c.Role(ctx, role.Ref)
	if fresh == nil { // it has just been deleted
		fresh = role
	}
	return fresh, err
}

// remembers says whether what is made of roles is kept: what was made while something could not be read is not.
func (c *Cluster) remembers() bool { return c.rbacBlind() == "" }
