package controllers

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// baselinesIn is a cache that holds these baselines.
type baselinesIn struct {
	client.Reader
	items []v1alpha1.SecurityBaseline
}

func (b *baselinesIn) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1alpha1.SecurityBaselineList).Items = b.items
	return nil
}

func baselineOf(name string, generation int64) v1alpha1.SecurityBaseline {
	return v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Generation: generation}}
}

// A worker that judges a report right after a start may be the first to ask for the baselines. What it judged by has to be passed
// over when it goes, although no pass over it was ever begun.
func TestABaselineThatOnlyWorkersSawIsNotForgotten(t *testing.T) {
	cache := &baselinesIn{items: []v1alpha1.SecurityBaseline{baselineOf("a", 1), baselineOf("b", 1)}}
	s := &snapshot{reader: cache}
	first, err := s.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cache.items = []v1alpha1.SecurityBaseline{baselineOf("a", 2)}
	if _, err := s.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	cache.items = []v1alpha1.SecurityBaseline{baselineOf("a", 3)}
	last, err := s.refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if gone := s.gone(last); len(gone) != 1 || gone[0] != "b" {
		t.Errorf("gone are %v, not b", gone)
	}
	if former := s.formerly("b"); len(former) != 1 || former[0] != first.Get("b") {
		t.Errorf("b was %v", former)
	}
	if former := s.formerly("a"); len(former) != 2 || former[0] != first.Get("a") {
		t.Errorf("a was %v, which are not two generations", former)
	}
	s.passed("b")
	if gone := s.gone(last); len(gone) != 0 {
		t.Errorf("%v are gone once more", gone)
	}
}
