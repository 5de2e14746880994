// Package report makes DriftReports from what was found. It is pure: a report is a function of the last report, the
// verdict and the time, so that a second look at an unchanged world makes the same report again.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"plumbline.dev/plumbline/internal/workload"
)

// maxReadable keeps the readable part of a name, with its hash, within the 253 characters of a Kubernetes name.
const maxReadable = 240

// Name returns the name of the report of a target: <kind>-<name, cut>-<hash of the target>. The hash does not cover
// the version or the UID, so that a target keeps its report's name when it is upgraded or made anew.
func Name(target workload.Ref) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{target.Group, target.Kind, target.Namespace, target.Name}, "\x00")))
	readable := strings.ToLower(target.Kind) + "-" + target.Name
	if len(readable) > maxReadable {
		readable = strings.TrimRight(readable[:maxReadable], "-.")
	}
	return readable + "-" + hex.EncodeToString(sum[:5])
}
