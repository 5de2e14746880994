package scan

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checksdoc"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

const formatMarkdown = "markdown"

var checkFormats = []string{formatTable, formatJSON, formatMarkdown}

// NewChecksCommand returns the command that prints which checks there are, and all that is known of one.
func NewChecksCommand(o Options) *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "checks [ID]",
		Short: "Print which checks there are: what each finds, how to declare it, how to mend what it finds",
		Example: `  # all of them
  plumbline checks

  # one, with an object that fails it and one that passes
  plumbline checks run-as-non-root

  # the page of the docs
  plumbline checks -o markdown`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return engine.IDs(o.Checks), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := checksdoc.Load(o.Checks)
			if err != nil {
				return err
			}
			buffered := bufio.NewWriter(cmd.OutOrStdout())
			if err := printChecks(buffered, page, args, format); err != nil {
				return err
			}
			return buffered.Flush()
		},
	}
	command.Flags().StringVarP(&format, outputFlag, "o", formatTable, "format: "+strings.Join(checkFormats, ", "))
	// It fails only for a flag that there is not.
	_ = command.RegisterFlagCompletionFunc(outputFlag, cobra.FixedCompletions(checkFormats, cobra.ShellCompDirectiveNoFileComp))
	return command
}

func printChecks(to io.Writer, page *checksdoc.Page, ids []string, format string) error {
	format, known := oneOf(format, checkFormats)
	if !known {
		return fmt.Errorf("--output %s: must be %s", engine.Printable(format), strings.Join(checkFormats, ", "))
	}
	if len(ids) > 0 {
		for i := range page.Checks {
			if check := &page.Checks[i]; check.ID == ids[0] {
				return printCheck(to, check, format)
			}
		}
		return fmt.Errorf("there is no check %s: plumbline checks prints all", engine.Printable(ids[0]))
	}
	switch format {
	case formatMarkdown:
		return page.Write(to)
	case formatJSON:
		all := make([]checkShown, len(page.Checks))
		for i := range page.Checks {
			all[i] = shownOf(&page.Checks[i])
		}
		return encode(to, all)
	}
	columns := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprint(columns, "CHECK\tSEVERITY\tFINDS\n")
	for i := range page.Checks {
		check := &page.Checks[i]
		fmt.Fprintf(columns, "%s\t%s\t%s\n", check.ID, check.Severity, check.Title)
	}
	return columns.Flush()
}

func printCheck(to io.Writer, check *checksdoc.Check, format string) error {
	switch format {
	case formatMarkdown:
		return check.Write(to)
	case formatJSON:
		return encode(to, shownOf(check))
	}
	s := &sink{to: to}
	s.printf("%s: %s, severity %s\n\n%s\n\nJudged: %s\n", check.ID, check.Title, check.Severity, check.Description,
		strings.Join(judgedBy(&check.Check), ", "))
	if len(check.Needs) > 0 {
		s.printf("It also looks at: %s\n", strings.Join(needsOf(&check.Check), ", "))
	}
	for _, part := range []struct{ title, text string }{
		{"Declare it", check.Declaration}, {"Fails", check.Fails.Shown}, {"Passes", check.Passes.Shown}, {"With", check.Around.Shown},
	} {
		if part.text != "" {
			s.printf("\n%s:\n\n%s\n", part.title, indented(part.text))
		}
	}
	s.printf("\nWhat to do: %s\n", check.Remediation)
	for _, control := range check.Controls {
		s.printf("\nIt answers to %s: %s", control.Standard, control.Rule)
	}
	if len(check.Controls) > 0 {
		s.printf("\n")
	}
	return s.err
}

func indented(text string) string {
	const indent = "    "
	return indent + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+indent)
}

// checkShown is a check in the form in which it is printed as JSON.
type checkShown struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Severity    v1alpha1.Severity `json:"severity"`
	Description string            `json:"description"`
	Remediation string            `json:"remediation"`
	Judges      []string          `json:"judges"`
	Needs       []string          `json:"needs"`
	Controls    []controlShown    `json:"controls"`
	checksdoc.Shown
}

type controlShown struct {
	Standard string `json:"standard"`
	Rule     string `json:"rule"`
}

func shownOf(check *checksdoc.Check) checkShown {
	shown := checkShown{
		ID: check.ID, Title: check.Title, Severity: check.Severity, Description: check.Description, Remediation: check.Remediation,
		Judges: judgedBy(&check.Check), Needs: nonNil(needsOf(&check.Check)), Controls: []controlShown{}, Shown: check.Shown,
	}
	for _, control := range check.Controls {
		shown.Controls = append(shown.Controls, controlShown{control.Standard, control.Rule})
	}
	return shown
}

// judgedBy returns the classes of objects that a check judges, in words.
func judgedBy(check *engine.Check) []string {
	if check.Judges == workload.Any {
		return []string{"what a baseline declares, or closes the list of"}
	}
	var names []string
	for _, class := range []struct {
		class workload.Class
		name  string
	}{
		{workload.Pods, "workloads"}, {workload.Roles, "roles"}, {workload.Bindings, "bindings"},
		{workload.Subjects, "ServiceAccounts, users and groups"}, {workload.Policies, "NetworkPolicies"}, {workload.Namespaces, "Namespaces"},
		{workload.Guardrails, "admission policies and webhooks"},
	} {
		if check.For(class.class) {
			names = append(names, class.name)
		}
	}
	return names
}

func needsOf(check *engine.Check) []string {
	var names []string
	for _, need := range check.Needs {
		names = append(names, string(need))
	}
	return names
}
