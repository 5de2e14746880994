package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "image-digest",
	Title: "Image without a digest",
	Description: "A tag is a name that the registry may give to another image at any time. Who takes over the registry, or an account that " +
		"may push, runs his own code in every pod that starts anew. A digest names the content itself, and runtimes verify it. " +
		"The image of an image volume counts as well.",
	Remediation: "Name the image with the digest of its content, as in registry.example.com/app:1.4@sha256:<64 digits>.",
	Severity:    v1alpha1.SeverityMedium,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Images.Digest == v1alpha1.RuleRequired
	},
	Run: digestRule.judge,
})

var digestRule = &imageRule{
	allows:   func(_ *v1alpha1.SecurityBaselineSpec, i image) bool { return i.pinned },
	fault:    func(written string, _ image) string { return "names image " + written + " without a digest" },
	verb:     "requires",
	demand:   "requires a digest",
	expected: func(*engine.Input) string { return "a digest, such as sha256:<64 digits>" },
}
