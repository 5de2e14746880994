package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// maxName is how long the name of a baseline may be, and that of a namespace.
const maxName = 63

// nameOf returns the name of a baseline. Names of namespaces hold no dots, so that the number of a part looks like none. A
// name that is too long is cut, and ends in a hash of the whole.
func nameOf(prefix, namespace string, part int) string {
	whole := prefix
	if namespace != "" {
		whole += "-" + namespace
	}
	suffix := ""
	if part > 1 {
		suffix = "." + strconv.Itoa(part)
	}
	if len(whole)+len(suffix) <= maxName {
		return whole + suffix
	}
	sum := sha256.Sum256([]byte(whole))
	const bytes = 5
	suffix = "-" + hex.EncodeToString(sum[:bytes]) + suffix
	return strings.TrimRight(whole[:maxName-len(suffix)], "-.") + suffix
}
