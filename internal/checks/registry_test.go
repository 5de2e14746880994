package checks

import (
	"testing"

	"plumbline.dev/plumbline/internal/engine"
)

func TestTwoChecksWithOneIDDoNotStart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the second was registered")
		}
	}()
	register(engine.Check{ID: All()[0].ID})
}
