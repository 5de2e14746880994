//go:build !race

package checks_test

// raceDetector says whether the race detector runs: it makes objects of its own, which are counted like any other.
const raceDetector = false
