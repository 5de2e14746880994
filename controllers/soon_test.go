package controllers

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/workload"
)

func TestWhatIsAskedForManyTimesIsDoneOnce(t *testing.T) {
	begin := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	clock := testingclock.NewFakeClock(begin)
	did := make(chan time.Time, 100)
	s := &soon{clock: clock, pause: time.Second, do: func(since time.Time) { did <- since }}
	for range 20 {
		s.ask()
	}
	if len(did) > 0 {
		t.Error("it is done at once, while who asks waits")
	}
	clock.Step(time.Second)
	if since := <-did; !since.Equal(begin) {
		t.Errorf("done for what is asked since %v", since)
	}
	clock.Step(time.Minute)
	if len(did) > 0 {
		t.Error("it is done again, although nobody asked")
	}
	s.do = func(since time.Time) {
		if did <- since; len(did) == 1 {
			s.ask()
			s.ask()
		}
	}
	s.ask()
	clock.Step(time.Second)
	for !clock.HasWaiters() { // what is asked for meanwhile waits its turn
		continue
	}
	clock.Step(time.Second)
	if first, second := <-did, <-did; !second.After(first) && !second.Equal(first) {
		t.Errorf("done for %v and %v", first, second)
	}
}

// unreadCache fails where a cache is read.
type unreadCache struct{ t *testing.T }

func (c unreadCache) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	c.t.Error("the cache is read")
	return nil
}

func (c unreadCache) List(context.Context, client.ObjectList, ...client.ListOption) error {
	c.t.Error("the cache is read")
	return nil
}

// Twenty Deployments of one chart must not wait until all workloads of the cluster were gone over twenty times.
func TestANewSourceOfTrafficDoesNotHoldUpTheHandler(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
	asks := engine.Check{
		ID: "reach", Needs: []engine.Need{engine.NeedSources}, Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(*engine.Input) []engine.Finding { return nil },
	}
	var none *baseline.Set
	set := none.Update([]v1alpha1.SecurityBaseline{{ObjectMeta: metav1.ObjectMeta{Name: "production"}}}, []engine.Check{asks})
	w := &wiring{targets: &targetReconciler{baselines: &snapshot{}, facts: &facts.Cluster{Cache: unreadCache{t}}}}
	w.targets.baselines.current.Store(set)
	walks := make(chan time.Time, 100)
	w.protected = &soon{clock: clock, pause: protectedPause, do: func(since time.Time) { walks <- since }}
	for range 20 {
		one, _ := workload.Of(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}})
		if keys := w.beside(t.Context(), nil, &one, true); len(keys) > 0 {
			t.Errorf("it waits for %v", keys)
		}
	}
	clock.Step(protectedPause)
	<-walks
	if len(walks) > 0 {
		t.Errorf("all workloads were gone over %d times", len(walks)+1)
	}
}
