package checks

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// volumePath returns the path of a volume of the pods, or of a field of it: "spec.volumes[data].hostPath.path".
func volumePath(in *engine.Input, name, field string) string {
	return in.Workload.Path("volumes[" + name + "]" + field)
}

// boundVolumes puts one finding in the place of those past the bound. It names no volume, so that no exception for what is
// listed waives what is not.
func boundVolumes(in *engine.Input, findings []engine.Finding) []engine.Finding {
	if len(findings) <= maxFound {
		return findings
	}
	return append(findings[:maxFound], engine.Finding{
		Path:     in.Workload.Path("volumes"),
		Value:    furtherOnes,
		Expected: findings[0].Expected,
		Actual:   "more than " + strconv.Itoa(maxFound),
		Message:  "The pod has more volumes and mounts than are shown, which baseline " + in.Baseline + " does not allow.",
	})
}

// hasAllowedType says whether one of the types of a volume, of which the API server lets it have no more than one, is allowed.
func hasAllowedType(in *engine.Input, volume *corev1.Volume) bool {
	for name := range workload.VolumeTypes(volume) {
		if slices.Contains(in.Declared.Workloads.Volumes.AllowedTypes, v1alpha1.VolumeType(name)) {
			return true
		}
	}
	return false
}
