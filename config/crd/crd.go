// Package crd holds the CustomResourceDefinitions, so that the program can hold a baseline from a file against what an API
// server would accept.
package crd

import _ "embed" // the definition

// SecurityBaseline is the CustomResourceDefinition of SecurityBaselines, in YAML.
//
//go:embed bases/plumbline.dev_securitybaselines.yaml
var SecurityBaseline []byte
