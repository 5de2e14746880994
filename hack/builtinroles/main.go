// builtinroles writes the table of what Kubernetes itself makes: the ClusterRoles, Roles and their bindings with which an API
// server begins, of the last six minor versions. Run it from the root of the module:
//
//	go run ./hack/builtinroles
//
// The table says of which versions it is made. What a version begins with never changes, so nothing is read or written when
// the table has all versions already; -force makes it anew.
//
// When a new minor of Kubernetes comes, its first and its newest patch release go to the end of versions, and the oldest
// minor goes.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"plumbline.dev/plumbline/internal/rbac/builtin"
)

const output = "internal/rbac/builtin/table.json"

// versions are the first and the newest patch release of each minor: patch releases change roles too. v1.32.13 lets
// controllers watch what v1.32.0 lets them list.
var versions = []string{
	"v1.31.0", "v1.31.14",
	"v1.32.0", "v1.32.13",
	"v1.33.0", "v1.33.13",
	"v1.34.0", "v1.34.4",
	"v1.35.0", "v1.35.4",
	"v1.36.0", "v1.36.3",
}

func main() {
	force := flag.Bool("force", false, "make the table anew, also when it has all versions")
	flag.Parse()
	if err := run(context.Background(), *force); err != nil {
		fmt.Fprintf(os.Stderr, "builtinroles: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, force bool) error {
	if !force && slices.Equal(builtin.Versions(), versions) {
		return nil
	}
	var sources []source
	for _, version := range versions {
		fmt.Fprintf(os.Stderr, "collecting the roles of Kubernetes %s\n", version)
		s, err := collect(ctx, version)
		if err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
		sources = append(sources, s)
	}
	table, err := merge(sources)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := write(&text, table); err != nil {
		return err
	}
	return os.WriteFile(output, text.Bytes(), 0o644)
}

// minorOf returns the minor of a version such as v1.36.3.
func minorOf(version string) (int, error) {
	var minor, patch int
	if _, err := fmt.Sscanf(version, "v1.%d.%d", &minor, &patch); err != nil || strings.Count(version, ".") != 2 {
		return 0, fmt.Errorf("the version %q is not of the form v1.36.3", version)
	}
	return minor, nil
}
