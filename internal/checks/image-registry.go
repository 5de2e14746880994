package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
)

var _ = register(engine.Check{
	ID:    "image-registry",
	Title: "Image from another registry",
	Description: "Who can put an image into a registry decides what runs in the containers that have it from there. An image from a " +
		"registry that nobody looks after can hold anything, with the rights and the network of the pod. The image of an image " +
		"volume counts as well. The patterns are held against the full name without tag and digest: nginx is " +
		"docker.io/library/nginx. In a pattern, what stands before the first slash is held against the registry alone.",
	Remediation: "Use an image from a registry that the baseline allows.",
	Severity:    v1alpha1.SeverityMedium,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.Images.AllowedRegistries) > 0
	},
	Run: registryRule.judge,
})

var registryRule = &imageRule{
	allows: func(declared *v1alpha1.SecurityBaselineSpec, i image) bool {
		for _, allowed := range declared.Workloads.Images.AllowedRegistries {
			if glob.MatchImage(allowed, i.name) {
				return true
			}
		}
		return false
	},
	fault:    func(_ string, i image) string { return "has its image from " + i.name },
	verb:     "does not allow",
	demand:   "allows only images from certain registries",
	expected: func(in *engine.Input) string { return oneOf(in.Declared.Workloads.Images.AllowedRegistries) },
}
