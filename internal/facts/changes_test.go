package facts_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/internal/facts"
)

func managed(manager string, size int) []metav1.ManagedFieldsEntry {
	return []metav1.ManagedFieldsEntry{{Manager: manager, FieldsV1: metav1.NewFieldsV1(string(make([]byte, size)))}}
}

func TestChangesAreTakenOnceAndTheNewestCount(t *testing.T) {
	changes := facts.NewChanges()
	changes.Put("a", managed("old", 10))
	changes.Put("a", managed("new", 10))
	if got := changes.Take("a"); len(got) != 1 || got[0].Manager != "new" {
		t.Errorf("Take = %v, want the newest", got)
	}
	if got := changes.Take("a"); got != nil {
		t.Errorf("Take = %v, want nothing the second time", got)
	}
}

func TestChangesAreBounded(t *testing.T) {
	changes := facts.NewChanges()
	const each, many = 1 << 20, 20
	for i := range many {
		changes.Put(types.UID(fmt.Sprint(i)), managed("m", each))
	}
	kept := 0
	for i := range many {
		if changes.Take(types.UID(fmt.Sprint(i))) != nil {
			kept++
			if i < many-8 {
				t.Errorf("%d is kept, and newer ones are not", i)
			}
		}
	}
	if kept == 0 || kept > 8 {
		t.Errorf("%d MiB are kept, want at most 8", kept)
	}
	changes.Put("huge", managed("m", 9<<20))
	if changes.Take("huge") != nil {
		t.Error("what is larger than the bound was kept")
	}
}
