package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/report"
	"plumbline.dev/plumbline/internal/workload"
)

// scope lists the targets that one of the generations of a baseline covers, or may cover, and those of which a report says that one
// did. What names a watched controller is among them: only a look at it can tell whether that controller is there.
func (r *baselineReconciler) scope(ctx context.Context, generations ...*baseline.Baseline) ([]workload.Ref, error) {
	s := &scoping{facts: r.facts, generations: generations, namespaces: map[string]baseline.Namespace{}, targets: map[workload.Ref]struct{}{}}
	for _, kind := range workload.Kinds() {
		if err := s.workloads(ctx, kind); err != nil {
			return nil, err
		}
	}
	if err := s.others(ctx); err != nil {
		return nil, err
	}
	for _, b := range generations {
		if b == nil {
			continue
		}
		for _, ref := range b.Declares() {
			s.targets[ref] = struct{}{}
		}
		if b.Invalid() { // it keeps what an earlier generation found, also missing what it does not declare
			for _, ref := range r.ledger.covered(b.Name) {
				s.targets[ref] = struct{}{}
			}
		}
	}
	if err := r.reported(ctx, s); err != nil {
		return nil, err
	}
	return slices.Collect(maps.Keys(s.targets)), nil
}

// reported adds the targets of the reports of a baseline: of a user whom no binding names any more nothing else is there.
func (r *baselineReconciler) reported(ctx context.Context, s *scoping) error {
	var reports v1alpha1.DriftReportList
	if err := r.client.List(ctx, &reports); err != nil {
		return fmt.Errorf("list DriftReports: %w", err)
	}
	for i := range reports.Items {
		one := &reports.Items[i]
		if slices.ContainsFunc(s.generations, func(b *baseline.Baseline) bool {
			return b != nil && slices.Contains(one.Status.Baselines, b.Name)
		}) {
			s.targets[report.RefOf(one.Spec.Target)] = struct{}{}
		}
	}
	return nil
}

// scoping collects the targets in a scope.
type scoping struct {
	facts       *facts.Cluster
	generations []*baseline.Baseline
	namespaces  map[string]baseline.Namespace // read once each
	targets     map[workload.Ref]struct{}
}

func (s *scoping) workloads(ctx context.Context, kind workload.Kind) error {
	if !s.judged(workload.Pods) || !s.facts.Readable(kind.GroupKind()) {
		return nil
	}
	found, err := facts.List(ctx, s.facts.Cache, kind)
	if err != nil {
		return err
	}
	for i := range found {
		w := &found[i]
		if err := s.add(ctx, w.Ref, w.Meta.Labels, queueKey(*w)); err != nil {
			return err
		}
	}
	return nil
}

func (s *scoping) others(ctx context.Context) error {
	var classes workload.Class
	for class := workload.Roles; class <= workload.Guardrails; class <<= 1 {
		if s.judged(class) {
			classes |= class
		}
	}
	found, err := s.facts.Others(ctx, classes)
	if err != nil {
		return err
	}
	if classes&workload.Subjects != 0 {
		named, err := s.named(ctx)
		if err != nil {
			return err
		}
		found = append(found, named...)
	}
	for i := range found {
		if err := s.add(ctx, found[i].Ref, found[i].Labels, found[i].Ref); err != nil {
			return err
		}
	}
	return nil
}

// named returns the users and groups that are judged, and adds the bindings that name too many.
func (s *scoping) named(ctx context.Context) ([]facts.Candidate, error) {
	found, crowded, err := s.facts.NamedSubjects(ctx)
	if err != nil {
		return nil, err
	}
	for _, ref := range crowded {
		s.targets[ref] = struct{}{}
	}
	for _, b := range s.generations {
		if b == nil {
			continue
		}
		for _, ref := range b.Subjects() {
			found = append(found, facts.Candidate{Ref: ref})
		}
	}
	return found, nil
}

// judged says whether one of the generations judges objects of a class. An invalid generation has no scope to go by, and
// its findings are to be looked at again when it is mended.
func (s *scoping) judged(class workload.Class) bool {
	return slices.ContainsFunc(s.generations, func(b *baseline.Baseline) bool {
		return b != nil && (b.Invalid() || b.Judges(class) || b.Closes(class))
	})
}

// add adds a target if one of the generations covers the object.
func (s *scoping) add(ctx context.Context, ref workload.Ref, labels map[string]string, target workload.Ref) error {
	home := workload.Home(ref)
	namespace, read := s.namespaces[home]
	if !read && home != "" {
		var err error
		if namespace, err = s.facts.Namespace(ctx, home); err != nil {
			return err
		}
		s.namespaces[home] = namespace
	}
	for _, b := range s.generations {
		if b != nil && (b.Invalid() || b.Covers(ref, labels, namespace) != baseline.NotCovered) {
			s.targets[target] = struct{}{}
			return nil
		}
	}
	return nil
}
