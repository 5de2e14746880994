package baseline

import (
	"fmt"
	"math"
	"slices"

	"github.com/agnivade/levenshtein"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// mustBeKnown says that an ID is that of no check, and which might be meant.
func mustBeKnown(id v1alpha1.CheckID, known []string) error {
	if slices.Contains(known, string(id)) {
		return nil
	}
	nearest, distance := "", math.MaxInt
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(string(id), candidate); d < distance {
			nearest, distance = candidate, d
		}
	}
	return fmt.Errorf("there is no check %q; the nearest is %q", id, nearest)
}
