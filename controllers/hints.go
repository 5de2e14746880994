package controllers

import (
	"slices"
	"strings"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

const (
	// maxHints bounds how many namespaces wait with what they lost.
	maxHints = 1024
	// maxLost bounds how many names each keeps of what was lost alike. The last of them is not told: it says that there are more.
	maxLost = 4
)

// hints remembers what was deleted, until what it stood in is judged: the object that could say why something drifted is
// gone, and only whoever watched knows its name.
type hints struct {
	mu      sync.Mutex
	deleted map[workload.Ref]losses
	telling map[workload.Ref]losses // of those that are judged right now, what was deleted before they were read
}

// losses are the names of the NetworkPolicies that were deleted, by what went with them: see Direction.Lost.
type losses map[string][]string

func newHints() *hints {
	return &hints{deleted: map[workload.Ref]losses{}, telling: map[workload.Ref]losses{}}
}

// lost notes that a NetworkPolicy was deleted from its namespace, if it denied by default.
func (h *hints) lost(np *networkingv1.NetworkPolicy) {
	policy, err := network.Compile(np)
	if err != nil {
		return // it could not be read when it was there either
	}
	gone := losses{}
	for _, d := range []network.Direction{network.Ingress, network.Egress} {
		if policy.Guards(d) {
			gone[d.Lost()] = []string{np.Name}
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.put(namespaceRef(np.Namespace), gone)
}

// put adds what a target lost.
func (h *hints) put(ref workload.Ref, gone losses) {
	known, is := h.deleted[ref]
	if len(gone) == 0 || !is && len(h.deleted) >= maxHints {
		return
	}
	if !is {
		known = losses{}
		h.deleted[ref] = known
	}
	for what, names := range gone {
		all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(known[what], names))))
		known[what] = all[:min(len(all), maxLost)]
	}
}

// begin is called before a target is read: what is deleted from then on is for the next time.
func (h *hints) begin(ref workload.Ref) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gone, is := h.deleted[ref]; is {
		h.telling[ref] = gone
		delete(h.deleted, ref)
	}
}

// of returns what a target lost that is being judged; empty when nothing is known.
func (h *hints) of(ref workload.Ref) losses {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.telling[ref]
}

// end is called after a target was judged, or was found to be none, which forgets what it lost. What could not be told is for
// the next time.
func (h *hints) end(ref workload.Ref, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.put(ref, h.telling[ref])
	}
	delete(h.telling, ref)
}

// forget drops what a target lost that is gone: another of its name did not lose it.
func (h *hints) forget(ref workload.Ref) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.deleted, ref)
}

// explain adds to an outcome what was deleted, where findings opened of checks that would have found nothing before.
func (gone losses) explain(outcome *report.Outcome, target workload.Ref, checks []engine.Check) {
	if len(gone) == 0 {
		return
	}
	report.Explain(outcome, func(f *engine.Finding) string {
		i := slices.IndexFunc(checks, func(c engine.Check) bool { return c.ID == f.Check })
		if i < 0 || len(gone[checks[i].Loses]) == 0 {
			return ""
		}
		return target.String() + " lost " + checks[i].Loses + ": " + deleted(gone[checks[i].Loses])
	})
}

func deleted(names []string) string {
	switch {
	case len(names) == 1:
		return "NetworkPolicy " + names[0] + " was deleted"
	case len(names) < maxLost:
		return "NetworkPolicies " + strings.Join(names, ", ") + " were deleted"
	}
	return "NetworkPolicies " + strings.Join(names[:maxLost-1], ", ") + " and more were deleted"
}
