package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

const latest = "latest"

var _ = register(engine.Check{
	ID:    "image-tag",
	Title: "Image by the tag latest",
	Description: "The tag latest, which is also meant where there is none, stands for another image whenever somebody pushes one: what " +
		"was tested is not what runs, replicas may differ, and there is no earlier version to go back to. A bad image that is " +
		"pushed once runs with the next restart. With a digest the tag does not count. The image of an image volume counts as well.",
	Remediation: "Name the image by the tag of a version, or by its digest.",
	Severity:    v1alpha1.SeverityLow,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.Images.LatestTag == v1alpha1.RuleForbidden
	},
	Run: tagRule.judge,
})

var tagRule = &imageRule{
	allows: func(_ *v1alpha1.SecurityBaselineSpec, i image) bool {
		return i.pinned || (i.tag != "" && i.tag != latest)
	},
	fault: func(written string, i image) string {
		if i.tag == "" {
			return "names image " + written + " without a tag and so means latest"
		}
		return "names image " + written + " by the tag latest"
	},
	verb:     "forbids",
	demand:   "forbids the tag latest",
	expected: func(*engine.Input) string { return "a tag other than latest, or a digest" },
}
