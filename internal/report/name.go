// Package report makes DriftReports from what was found. It is pure: a report is a function of the last report, the
// verdict and the time, so that a second look at an unchanged world makes the same report again.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/internal/workload"
)

// maxReadable keeps the readable part of a name, with its hash, within the 253 characters of a Kubernetes name.
const maxReadable = 240

// Name returns the name of the report of a target: <kind>-<name, cut>-<hash of the target>. The hash does not cover
// the version or the UID, so that a target keeps its report's name when it is upgraded or made anew.
func Name(target workload.Ref) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{target.Group, target.Kind, target.Namespace, target.Name}, "\x00")))
	readable := nameable(strings.ToLower(target.Kind + "-" + target.Name))
	if len(readable) > maxReadable {
		readable = readable[:maxReadable]
	}
	return strings.TrimRight(readable, "-") + "-" + hex.EncodeToString(sum[:5])
}

// nameable puts a - in place of all but letters and digits: names of roles, users and groups hold what no report may be
// called, and a dot beside another mark is not allowed either.
func nameable(name string) string {
	return strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return '-'
	}, name)
}

// Key returns the namespace and the name of the report of a target. What belongs to no namespace has its report in the
// operator's own.
func Key(target workload.Ref, operator string) types.NamespacedName {
	home := workload.Home(target)
	if home == "" {
		home = operator
	}
	return types.NamespacedName{Namespace: home, Name: Name(target)}
}

// HomelessKey returns the namespace and the name of the report of a target that is declared in a namespace which is not there:
// it is in the operator's own.
func HomelessKey(target workload.Ref, operator string) types.NamespacedName {
	return types.NamespacedName{Namespace: operator, Name: Name(target)}
}
