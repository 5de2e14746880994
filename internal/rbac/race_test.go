//go:build race

package rbac_test

// raceDetector says whether the race detector runs: it makes objects of its own, which are counted like any other.
const raceDetector = true
