package controllers

import (
	"crypto/tls"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"net/http"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// LeaseName is the name of the lease by which one of several replicas is elected.
const LeaseName = "plumbline.plumbline.dev"

// The lease outlives an API server that is gone for half a minute: an operator that gave up its lease would stop, and
// judge everything anew when it comes back. One that died is followed by another after leaseDuration.
const (
	leaseDuration = 60 * time.Second
	renewDeadline = 55 * time.Second
	retryPeriod   = 5 * time.Second
)

// shutdownTimeout is how long what runs may take to end. It ends well within the ten seconds that a pod is given: after an
// outage of the API server, client-go may sleep out half a minute between two tries.
const shutdownTimeout = 8 * time.Second

// ManagerOptions say how the operator runs.
type ManagerOptions struct {
	Options
	// MetricsAddress is where metrics are served, over HTTPS and to those who may get /metrics; "0" serves none.
	MetricsAddress string
	// ProbeAddress is where /healthz and /readyz are served; "0" serves none.
	ProbeAddress string
	// LeaderElection lets only one of several replicas judge; the others keep their caches warm.
	LeaderElection bool
}

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create
// +kubebuilder:rbac:groups="",namespace=plumbline-system,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=plumbline-system,resources=leases,verbs=create
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=plumbline-system,resources=leases,resourceNames=plumbline.plumbline.dev,verbs=get;update;patch

// NewScheme returns the scheme of everything the operator reads and writes.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return scheme, v1alpha1.AddToScheme(scheme)
}

// NewManager returns the operator, ready to start.
func NewManager(config *rest.Config, options ManagerOptions) (manager.Manager, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	if options.Watches == nil {
		options.Watches = NewWatches()
	}
	lease, renew, retry, grace := leaseDuration, renewDeadline, retryPeriod, shutdownTimeout
	mgr, err := manager.New(config, manager.Options{
		Scheme:                        scheme,
		Cache:                         options.Watches.CacheOptions(),
		Client:                        ClientOptions(),
		Metrics:                       metricsOptions(options.MetricsAddress),
		HealthProbeBindAddress:        options.ProbeAddress,
		WebhookServer:                 webhook.NewServer(webhook.Options{Port: -1}),
		LeaderElection:                options.LeaderElection,
		LeaderElectionID:              LeaseName,
		LeaderElectionNamespace:       options.Namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &lease,
		RenewDeadline:                 &renew,
		RetryPeriod:                   &retry,
		GracefulShutdownTimeout:       &grace,
	})
	if err != nil {
		return nil, fmt.Errorf("make the manager: %w", err)
	}
	if err := Setup(mgr, options.Options); err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, err
	}
	synced := func(*http.Request) error { return options.Watches.Synced() }
	return mgr, mgr.AddReadyzCheck("caches", synced)
}

func metricsOptions(address string) metricsserver.Options {
	return metricsserver.Options{
		BindAddress:    address,
		SecureServing:  true,
		FilterProvider: filters.WithAuthenticationAndAuthorization,
		// HTTP/2 lets a client reset streams faster than a server can give them up (CVE-2023-44487).
		TLSOpts: []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }},
	}
}
