// Plumbline tells a team, within a second, when what runs in their cluster has drifted from the security baseline
// they declared.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager/signals"

	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/scan"
	snapshot "plumbline.dev/plumbline/internal/snapshot/command"
)

// version is set when the program is built.
var version = "development"

// Exit codes beside 0: a program that was running failed, or could not begin with what it was given.
const (
	exitFailed   = 1
	exitBadInput = 2
)

// failure is an error of a program that was running.
type failure struct{ error }

func main() {
	err := newCommand().Execute()
	if err == nil {
		return
	}
	if code := scan.ExitCode(0); errors.As(err, &code) { // what there is to say has been said
		os.Exit(int(code))
	}
	fmt.Fprintf(os.Stderr, "plumbline: %v\n", err)
	if errors.As(err, new(failure)) {
		os.Exit(exitFailed)
	}
	os.Exit(exitBadInput)
}

// newCommand returns the program: plumbline alone is plumbline manager.
func newCommand() *cobra.Command {
	manager := newManagerCommand()
	root := &cobra.Command{
		Use:           "plumbline",
		Short:         "Reports when what runs in a cluster has drifted from the security baseline that was declared",
		Version:       version,
		Args:          cobra.NoArgs,
		RunE:          manager.RunE,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Flags().AddFlagSet(manager.Flags())
	asked := scan.Options{Checks: checks.All(), Version: version}
	root.AddCommand(manager, scan.NewScanCommand(asked), scan.NewChecksCommand(asked), snapshot.NewCommand(version))
	return root
}

func newManagerCommand() *cobra.Command {
	options := controllers.ManagerOptions{}
	logging := zap.Options{}
	command := &cobra.Command{
		Use:   "manager",
		Short: "Run the operator (the default)",
		Example: `  # against the current kubeconfig
  plumbline manager

  # against another, without metrics
  plumbline manager --kubeconfig ./kubeconfig --metrics-bind-address 0`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runManager(options, logging) },
	}
	flags := command.Flags()
	flags.StringVar(&options.MetricsAddress, "metrics-bind-address", ":8443",
		"where metrics are served, over HTTPS, to clients that may get /metrics; 0 switches them off")
	flags.StringVar(&options.ProbeAddress, "health-probe-bind-address", ":8081",
		"where /healthz and /readyz are served; 0 switches them off")
	flags.BoolVar(&options.LeaderElection, "leader-elect", false,
		"let only one of several replicas judge at a time")
	flags.StringVar(&options.Namespace, "operator-namespace", ownNamespace(),
		"the operator's own namespace, where its lease is, and the reports of what belongs to no namespace")
	flags.IntVar(&options.MaxReports, "max-reports", controllers.DefaultMaxReports,
		"the most DriftReports in the cluster; past it the worst stay, and the baselines say how many are missing")
	flags.StringSliceVar(&options.Managers.GitOps, "gitops-managers", nil,
		"field managers whose changes are GitOps, besides Argo CD, Flux, Helm and Terraform; a trailing * stands for any ending")
	flags.StringSliceVar(&options.Managers.Controllers, "controller-managers", nil,
		"field managers whose changes are those of a controller, besides the control plane's; a trailing * stands for any ending")
	goFlags := flag.NewFlagSet("", flag.ContinueOnError)
	config.RegisterFlags(goFlags)
	logging.BindFlags(goFlags)
	flags.AddGoFlagSet(goFlags)
	return command
}

func runManager(options controllers.ManagerOptions, logging zap.Options) error {
	// Before there is a logger, so that a missing kubeconfig is told once, in one line.
	cluster, err := config.GetConfig()
	if err != nil {
		return fmt.Errorf("no cluster to watch: %w; set --kubeconfig or KUBECONFIG", err)
	}
	logger := zap.New(zap.UseFlagOptions(&logging))
	setLoggers(logger)
	cluster.UserAgent = "plumbline/" + version
	options.Checks = checks.All()
	mgr, err := controllers.NewManager(cluster, options)
	if err != nil {
		return err
	}
	logger.Info("starting", "version", version, "checks", len(options.Checks))
	if err := mgr.Start(signals.SetupSignalHandler()); err != nil {
		return failure{err}
	}
	return nil
}

// setLoggers sends what client-go logs the same way as our own.
func setLoggers(logger logr.Logger) {
	log.SetLogger(logger)
	klog.SetLogger(logger)
}

// ownNamespace is that of the pod the program runs in, else plumbline-system.
func ownNamespace() string {
	if namespace := os.Getenv("POD_NAMESPACE"); namespace != "" {
		return namespace
	}
	if data, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace"); err == nil {
		return strings.TrimSpace(string(data))
	}
	return controllers.DefaultNamespace
}
