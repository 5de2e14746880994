package controllers

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"plumbline.dev/plumbline/internal/facts"
)

// versionAge is how long the version of the API server is taken for what it was: one that is upgraded is asked again.
const versionAge = 10 * time.Minute

// serverVersion knows the minor version of the API server. It asks when somebody first wants to know, so that a replica that was
// not the leader until now does not go by what was so when it started.
type serverVersion struct {
	ask   func(context.Context) (int, error)
	clock clock.PassiveClock

	mu    sync.Mutex
	minor int
	asked time.Time
}

func newServerVersion(mgr manager.Manager, clock clock.PassiveClock) *serverVersion {
	return &serverVersion{clock: clock, ask: func(ctx context.Context) (int, error) { return facts.ServerMinor(ctx, mgr.GetConfig()) }}
}

// of returns the minor version, 36 for v1.36; 0 as long as it could not be read.
func (v *serverVersion) of(ctx context.Context) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock.Now()
	if v.minor > 0 && now.Sub(v.asked) < versionAge {
		return v.minor
	}
	minor, err := v.ask(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot read the version of the API server")
		return v.minor
	}
	v.minor, v.asked = minor, now
	return minor
}
