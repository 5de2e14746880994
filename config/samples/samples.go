// Package samples holds the ready baselines, so that the program can judge by them without a file.
package samples

import "embed"

// Presets are the files of the ready baselines: a file is called like the baseline in it.
//
//go:embed pss-baseline.yaml pss-restricted.yaml hardened.yaml cis-section-5.yaml
var Presets embed.FS
