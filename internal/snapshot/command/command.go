// Package command is plumbline snapshot: it reads a cluster, or files, and writes down what is there.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/snapshot"
	"plumbline.dev/plumbline/internal/workload"
)

// request is what is asked for.
type request struct {
	version string
	access  access
	// paths are the files that are read in place of a cluster.
	paths          []string
	namespaces     []string
	allNamespaces  bool
	kinds          []string
	name, splitBy  string
	inventory      bool
	skipUnreadable bool
	outputDir      string
	manifest       manifest.Options

	stdin          io.Reader
	stdout, stderr io.Writer
	progress       *progress
}

// NewCommand returns the command that writes down what is in a cluster, with the caller's own rights, or in files. version is
// that of the program. Any error of it means that nothing can be relied on: the program is to end with exit code 2.
func NewCommand(version string) *cobra.Command {
	q := &request{version: version}
	command := &cobra.Command{
		Use:   "snapshot [PATH|-]...",
		Short: "Write down a cluster, or manifests, as SecurityBaselines that declare it",
		Long: `Writes SecurityBaselines that declare the objects of a cluster as they are, and close the lists of their kinds: what is
loosened, made or removed afterwards is drift. Only what is judged is written, and comments say what is left out, and why.
Two snapshots of an unchanged cluster are the same, byte by byte. Secrets are never read.

With paths, it is files, kustomizations, Helm charts or standard input (-) that are written down.

Exit codes: 0 the snapshot is whole, or lacks what --skip-unreadable lets it lack; 2 something could not be read or written.`,
		Example: `  # all of a cluster, one file for each namespace, to be kept in git
  plumbline snapshot --all-namespaces --output-dir baselines/

  # the namespaces of a team
  plumbline snapshot --namespace 'shop-*' --name shop > shop.yaml

  # only who may do what
  plumbline snapshot --all-namespaces --kinds Role,ClusterRole,RoleBinding,ClusterRoleBinding

  # what a Helm chart makes
  plumbline snapshot --name shop charts/shop`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.paths = args
			q.stdin, q.stdout, q.stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			q.progress = newProgress(q.stderr)
			return q.run(cmd.Context())
		},
	}
	q.flags(command)
	return command
}

const splitFlag = "split-by"

func (q *request) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringSliceVarP(&q.namespaces, "namespace", "n", nil, "namespace to write down, with * for any run of characters; may be repeated")
	flags.BoolVarP(&q.allNamespaces, "all-namespaces", "A", false, "write down all namespaces, and what is in none")
	flags.StringSliceVar(&q.kinds, "kinds", nil,
		"kinds to write down (default: all that can be; with --namespace, those that are in namespaces, and Namespace)")
	flags.StringVar(&q.name, "name", "snapshot", "how the names of the baselines begin")
	flags.StringVar(&q.splitBy, splitFlag, string(snapshot.ByNamespace), "namespace: a baseline for each namespace; none: one for all")
	flags.BoolVar(&q.inventory, "inventory", true, "close the lists of the kinds: an object that is not in the snapshot is drift")
	flags.BoolVar(&q.skipUnreadable, "skip-unreadable", false, "leave out kinds that may not be listed, and say so in a comment")
	flags.StringVarP(&q.outputDir, "output-dir", "d", "", "directory to write to, a file for each baseline (default: standard output)")
	flags.StringArrayVar(&q.manifest.Values, "values", nil, "file with values for Helm charts; may be repeated")
	flags.StringVar(&q.access.kubeconfig, "kubeconfig", "", "file that says which cluster is read (default: KUBECONFIG, or ~/.kube/config)")
	flags.StringVar(&q.access.context, "context", "", "context of the kubeconfig")
	splits := []string{string(snapshot.ByNamespace), string(snapshot.Unsplit)}
	for flag, values := range map[string][]string{splitFlag: splits, "kinds": kindNames()} {
		// It fails only for a flag that there is not.
		_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

func kindNames() []string {
	var names []string
	for _, gvk := range pinned.Kinds() {
		names = append(names, gvk.Kind)
	}
	slices.Sort(names)
	return names
}

// run reads, and then writes: a snapshot that is not whole overwrites nothing.
func (q *request) run(ctx context.Context) error {
	options, err := q.options()
	if err != nil {
		return err
	}
	s, err := snapshot.New(options)
	if err != nil {
		return err
	}
	if options.Files {
		err = q.readFiles(ctx, s)
	} else {
		err = q.readCluster(ctx, s, options)
	}
	q.progress.clear()
	if err != nil {
		return err
	}
	if err := q.write(s); err != nil {
		return err
	}
	for _, note := range s.Notes() {
		if _, err := fmt.Fprintln(q.stderr, note); err != nil {
			return err
		}
	}
	return nil
}

// options are what the flags ask for, if it can be meant.
func (q *request) options() (snapshot.Options, error) {
	o := snapshot.Options{
		Name: q.name, Namespaces: q.namespaces, SplitBy: snapshot.Split(q.splitBy), Inventory: q.inventory, Files: len(q.paths) > 0,
	}
	switch {
	case q.allNamespaces && len(q.namespaces) > 0:
		return o, errors.New("--all-namespaces and --namespace: leave out one or the other")
	case !o.Files && !q.allNamespaces && len(q.namespaces) == 0:
		return o, errors.New("nothing is chosen: name namespaces with --namespace, or all with --all-namespaces, or give files")
	}
	var err error
	o.Kinds, err = q.kindsOf(o.Files)
	return o, err
}

// kindsOf returns the kinds that are asked for; by default, all that can be read there and are in what is chosen.
func (q *request) kindsOf(files bool) ([]schema.GroupVersionKind, error) {
	if len(q.kinds) == 0 {
		return slices.DeleteFunc(snapshot.DefaultKinds(), func(gvk schema.GroupVersionKind) bool {
			gk := gvk.GroupKind()
			return (files && !inFiles(gk)) || (len(q.namespaces) > 0 && snapshot.ClusterScoped(gk) && gk.Kind != namespaceKind)
		}), nil
	}
	var chosen []schema.GroupVersionKind
	for _, name := range q.kinds {
		gvk, err := kindOf(name)
		if err != nil {
			return nil, err
		}
		if files && !inFiles(gvk.GroupKind()) {
			return nil, fmt.Errorf("--kinds %s: it is not read from files: leave it out, or read a cluster", gvk.Kind)
		}
		chosen = append(chosen, gvk)
	}
	return chosen, nil
}

const namespaceKind = "Namespace"

// inFiles says whether objects of a kind are read from files.
func inFiles(gk schema.GroupKind) bool {
	class, known := workload.ClassOf(gk)
	return known && class != workload.Guardrails
}

func kindOf(name string) (schema.GroupVersionKind, error) {
	for _, gvk := range pinned.Kinds() {
		if strings.EqualFold(gvk.Kind, strings.TrimSpace(name)) {
			return gvk, nil
		}
	}
	return schema.GroupVersionKind{}, fmt.Errorf("--kinds %s: must be some of %s", engine.Printable(name), strings.Join(kindNames(), ", "))
}
