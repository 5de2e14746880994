package facts

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

// ServerMinor asks an API server for its minor version: 36 for v1.36.
func ServerMinor(ctx context.Context, config *rest.Config) (int, error) {
	asks, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return 0, err
	}
	info, err := asks.ServerVersionWithContext(ctx)
	if err != nil {
		return 0, err
	}
	minor, err := strconv.Atoi(strings.TrimRight(info.Minor, "+")) // as some providers write it
	if err != nil {
		return 0, fmt.Errorf("the API server says that its minor version is %q, which is no number", info.Minor)
	}
	return minor, nil
}
