package scan

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"plumbline.dev/plumbline/internal/engine"
)

// The formats of results.
const (
	formatTable  = "table"
	formatJSON   = "json"
	formatYAML   = "yaml"
	formatSARIF  = "sarif"
	formatJUnit  = "junit"
	formatGitHub = "github"
)

var formats = []string{formatTable, formatJSON, formatYAML, formatSARIF, formatJUnit, formatGitHub}

// needsLines says whether a format tells the lines of findings.
func needsLines(format string) bool {
	return slices.Contains([]string{formatJSON, formatSARIF, formatGitHub}, format)
}

const outputFlag = "output"

// NewScanCommand returns the command that judges files, or a cluster with the caller's own rights. Where it said all it had
// to say and the program is to end with a code, its error is an ExitCode; any other error is told by the program.
func NewScanCommand(o Options) *cobra.Command {
	q := &request{Options: o}
	q.Clock = cmp.Or[clock.PassiveClock](o.Clock, clock.RealClock{})
	command := &cobra.Command{
		Use:   "scan [PATH|-]...",
		Short: "Judge manifests, or a cluster, without an operator",
		Long: `Judges what is in files, kustomizations, Helm charts, standard input (-) or a cluster, as the operator does.

Facts that are not among what is given (the ServiceAccount of a Deployment, say) are not taken for absent: the checks that
need them are not evaluated, and the results say so. Whoever gives a Namespace gives what is in it.

Without --baseline and --preset, the SecurityBaselines among what is given are the ones to judge by.

Exit codes: 0 nothing has drifted, 1 something has, at or above --fail-on, 2 something could not be read or nothing was judged.`,
		Example: `  # a directory, against a ready baseline
  plumbline scan --preset pss-restricted deploy/

  # what a Helm chart makes, against your own
  plumbline scan --baseline baselines/ --values prod.yaml charts/shop

  # what kustomize makes, from standard input, for code scanning
  kustomize build overlays/prod | plumbline scan --preset hardened -o sarif - > plumbline.sarif

  # only what a pull request opens or closes
  plumbline scan --baseline baselines/ --compare ../main/deploy deploy/

  # a cluster, with your own rights
  plumbline scan --cluster --preset cis-section-5`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.paths = args
			if err := q.validate(); err != nil {
				return err
			}
			return q.start(cmd)
		},
	}
	q.flags(command)
	return command
}

func (q *request) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVarP(&q.baselines, "baseline", "b", nil, "file or directory with SecurityBaselines to judge by; may be repeated")
	flags.StringArrayVar(&q.presets, "preset", nil, "ready baseline to judge by: "+strings.Join(Presets(), ", ")+"; may be repeated")
	flags.StringVarP(&q.format, outputFlag, "o", formatTable, "format of the results: "+strings.Join(formats, ", "))
	flags.StringVar(&q.failOn, "fail-on", "Low", "least severity at which the exit code is 1: Critical, High, Medium or Low")
	flags.BoolVar(&q.skipInvalid, "skip-invalid", false, "let what cannot be read not decide the exit code; it is told all the same")
	flags.StringVar(&q.compare, "compare", "", "directory of another state: only what opens or closes since then is told")
	flags.BoolVar(&q.live, "cluster", false, "judge the cluster of the current kubeconfig in place of files")
	flags.StringVarP(&q.access.namespace, "namespace", "n", "",
		"namespace of objects that name none (default \"default\"); with --cluster, the only namespace that is read")
	flags.StringArrayVar(&q.manifest.Values, "values", nil, "file with values for Helm charts; may be repeated")
	flags.StringVar(&q.access.kubeconfig, "kubeconfig", "", "file that says which cluster --cluster reads (default: KUBECONFIG, or ~/.kube/config)")
	flags.StringVar(&q.access.context, "context", "", "context of the kubeconfig for --cluster")
	for flag, values := range map[string][]string{outputFlag: formats, "preset": Presets(), "fail-on": severityNames()} {
		// It fails only for a flag that there is not.
		_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

func severityNames() []string {
	names := make([]string, len(severities))
	for i, severity := range severities {
		names[i] = string(severity)
	}
	return names
}

// validate refuses what cannot be meant.
func (q *request) validate() error {
	var known bool
	if q.failOn, known = oneOf(q.failOn, severityNames()); !known {
		return fmt.Errorf("--fail-on %s: must be %s", engine.Printable(q.failOn), strings.Join(severityNames(), ", "))
	}
	if q.format, known = oneOf(q.format, formats); !known {
		return fmt.Errorf("--output %s: must be %s", engine.Printable(q.format), strings.Join(formats, ", "))
	}
	switch {
	case q.live && len(q.paths) > 0:
		return errors.New("--cluster reads a cluster, and takes no paths: leave out one or the other")
	case !q.live && len(q.paths) == 0:
		return errors.New("nothing to scan: name files or directories, - for standard input, or --cluster")
	case q.live && q.compare != "":
		return errors.New("--compare compares files: leave out --cluster")
	case q.format == formatYAML && q.compare != "":
		return errors.New("--output yaml prints whole DriftReports, and cannot tell what changed: leave out --compare or choose another format")
	}
	q.manifest.Namespace = q.access.namespace
	return nil
}

// oneOf finds a word among those that are known, however it is capitalized.
func oneOf(word string, known []string) (string, bool) {
	for _, one := range known {
		if strings.EqualFold(one, word) {
			return one, true
		}
	}
	return word, false
}

// start scans with the streams of a command.
func (q *request) start(cmd *cobra.Command) error {
	buffered := bufio.NewWriter(cmd.OutOrStdout())
	q.stdin, q.stdout, q.stderr = cmd.InOrStdin(), buffered, cmd.ErrOrStderr()
	q.coloured, q.progress = mayColour(cmd.OutOrStdout()), newProgress(cmd.ErrOrStderr())
	if os.Getenv("GOGC") == "" { // all that was read is kept: less on top of it costs little time and saves a third of the memory
		defer debug.SetGCPercent(debug.SetGCPercent(50))
	}
	err := q.run(cmd.Context())
	if failed := buffered.Flush(); failed != nil {
		return failed
	}
	return err
}

// mayColour says whether somebody looks who has not asked for plain text.
//
// Source: https://no-color.org.
func mayColour(to io.Writer) bool {
	return isTerminal(to) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
