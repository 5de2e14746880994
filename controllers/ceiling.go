package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// ceiling keeps the number of reports in a cluster bounded, so that the operator never fills etcd. Past it the worst
// reports stay.
type ceiling struct {
	max    int
	reader client.Reader // the cache

	mu      sync.Mutex
	reports map[types.NamespacedName]struct{} // there, or about to be
}

func newCeiling(most int, reader client.Reader) *ceiling {
	return &ceiling{max: most, reader: reader, reports: map[types.NamespacedName]struct{}{}}
}

// seen notes a report that is there; gone one that is no more, and returns for how many there is room.
func (c *ceiling) seen(r *v1alpha1.DriftReport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports[client.ObjectKeyFromObject(r)] = struct{}{}
}

func (c *ceiling) gone(r *v1alpha1.DriftReport) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.reports, client.ObjectKeyFromObject(r))
	return c.max - len(c.reports)
}

// reserve takes a place for a report, if there is one.
func (c *ceiling) reserve(r *v1alpha1.DriftReport) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := client.ObjectKeyFromObject(r)
	if _, has := c.reports[key]; !has && len(c.reports) >= c.max {
		return false
	}
	c.reports[key] = struct{}{}
	return true
}

// replace gives the place of a report to another, unless somebody else did so before.
func (c *ceiling) replace(r, with *v1alpha1.DriftReport) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := client.ObjectKeyFromObject(r)
	if _, has := c.reports[key]; !has {
		return false
	}
	delete(c.reports, key)
	c.reports[client.ObjectKeyFromObject(with)] = struct{}{}
	return true
}

// makeRoom says whether a new report may be written. At the ceiling it may when another, resolved or less severe, can
// go for it, which it then does.
func (c *ceiling) makeRoom(ctx context.Context, next *v1alpha1.DriftReport, remove func(context.Context, *v1alpha1.DriftReport) error) (bool, error) {
	if c.reserve(next) {
		return true, nil
	}
	var list v1alpha1.DriftReportList
	if err := c.reader.List(ctx, &list); err != nil {
		return false, fmt.Errorf("list DriftReports: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.DriftReport) int { return weight(&b) - weight(&a) })
	for i := range list.Items {
		least := &list.Items[i]
		if weight(least) <= weight(next) {
			break
		}
		if c.replace(least, next) {
			return true, remove(ctx, least)
		}
	}
	return false, nil
}

// weight orders reports, the worst first; resolved ones come last.
func weight(r *v1alpha1.DriftReport) int {
	if r.Status.State == v1alpha1.StateResolved {
		return engine.Rank(v1alpha1.SeverityLow) + 2
	}
	return engine.Rank(r.Status.Severity)
}
