package controllers

import (
	"sync"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// maxHints bounds how many namespaces wait with what they lost.
const maxHints = 1024

// hints remembers what was deleted, until what it stood in is judged: the object that could say why something drifted is
// gone, and only whoever watched knows its name.
type hints struct {
	mu      sync.Mutex
	deleted map[workload.Ref]string
}

func newHints() *hints { return &hints{deleted: map[workload.Ref]string{}} }

// lost notes that a NetworkPolicy was deleted from its namespace.
func (h *hints) lost(np *networkingv1.NetworkPolicy) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.deleted) < maxHints {
		h.deleted[namespaceRef(np.Namespace)] = "NetworkPolicy " + np.Name + " was deleted"
	}
}

// take returns what a target lost, and forgets it; empty when nothing is known.
func (h *hints) take(ref workload.Ref) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	hint := h.deleted[ref]
	delete(h.deleted, ref)
	return hint
}
