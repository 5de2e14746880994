package facts

import "strings"

// ToCaller puts what a Cluster says of a kind that cannot be read into words for whoever reads with his own rights.
func ToCaller(reason string) string {
	return strings.Replace(reason, cannotList, "you may not list ", 1)
}
