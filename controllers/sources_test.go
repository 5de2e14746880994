package controllers

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
)

func TestALiveChangeIsJudgedBeforeWhatWasThereAtTheStart(t *testing.T) {
	queue := priorityqueue.New[string]("test")
	defer queue.ShutDown()
	f := &feed[string]{keys: func(_ context.Context, c change) []string { return []string{c.after.GetName()} }}
	put := func(name string, initial bool) {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
		f.put(context.Background(), queue, change{after: pod, initial: initial})
	}
	put("initial-1", true)
	put("initial-2", true)
	put("live", false)
	if first, _ := queue.Get(); first != "live" {
		t.Errorf("%s came first", first)
	}
}

func TestWhatIsGivenToAnInboxEarlyKeepsItsPriority(t *testing.T) {
	queue := priorityqueue.New[string]("test-inbox")
	defer queue.ShutDown()
	box := &inbox[string]{}
	low := -100
	box.add(priorityqueue.AddOpts{Priority: &low}, "rescan")
	box.add(priorityqueue.AddOpts{}, "live")
	if err := box.Start(context.Background(), queue); err != nil {
		t.Fatal(err)
	}
	if first, _ := queue.Get(); first != "live" {
		t.Errorf("%s came first", first)
	}
}
