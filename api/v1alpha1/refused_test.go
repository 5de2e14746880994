package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A case of what the API server must not accept. The message must hold all of wants: the field, and what is wrong.
type refused struct {
	name, is string
	wants    []string
}

var refusedSpecs = []refused{
	{
		name:  "a baseline without a spec",
		is:    `null`,
		wants: []string{`spec: Required value`},
	},
	{
		name:  "a field that does not exist is a mistake, not a wish",
		is:    `{workloads: {priviledged: Forbidden}}`,
		wants: []string{`unknown field "spec.workloads.priviledged"`},
	},
	{
		name:  "a rule with an unknown strictness",
		is:    `{workloads: {privileged: forbidden}}`,
		wants: []string{`spec.workloads.privileged: Unsupported value: "forbidden": supported values: "Forbidden"`},
	},
	{
		name:  "a rule that requires what it can only forbid",
		is:    `{workloads: {hostPID: Required}}`,
		wants: []string{`spec.workloads.hostPID: Unsupported value: "Required": supported values: "Forbidden"`},
	},
	{
		name:  "a rule that forbids what it can only require",
		is:    `{workloads: {runAsNonRoot: Forbidden}}`,
		wants: []string{`spec.workloads.runAsNonRoot: Unsupported value: "Forbidden": supported values: "Required"`},
	},
	{
		name:  "a capability in lower case",
		is:    `{workloads: {capabilities: {allowedAdd: [NET_RAW, net_admin]}}}`,
		wants: []string{`spec.workloads.capabilities.allowedAdd[1]: Invalid value: "net_admin": ` + capabilityMessage},
	},
	{
		name:  "a capability with the prefix of the kernel's headers",
		is:    `{workloads: {capabilities: {requiredDrop: [CAP_NET_ADMIN]}}}`,
		wants: []string{`spec.workloads.capabilities.requiredDrop[0]: Invalid value: "CAP_NET_ADMIN": ` + capabilityMessage},
	},
	{
		name:  "a capability that is a glob",
		is:    `{workloads: {capabilities: {allowedAdd: ["NET_*"]}}}`,
		wants: []string{`spec.workloads.capabilities.allowedAdd[0]: Invalid value: "NET_*": ` + capabilityMessage},
	},
	{
		name:  "a capability twice",
		is:    `{workloads: {capabilities: {allowedAdd: [NET_RAW, NET_RAW]}}}`,
		wants: []string{`spec.workloads.capabilities.allowedAdd[1]: Duplicate value: "NET_RAW"`},
	},
	{
		name: "capabilities that declare nothing",
		is:   `{workloads: {capabilities: {}}}`,
		wants: []string{`spec.workloads.capabilities: Invalid value`,
			`must set requiredDrop, allowedAdd or both; allowedAdd: [] allows no capability`},
	},
	{
		name:  "an empty list of capabilities to drop",
		is:    `{workloads: {capabilities: {requiredDrop: []}}}`,
		wants: []string{`spec.workloads.capabilities.requiredDrop`, `should have at least 1 items`},
	},
	{
		name:  "more capabilities than there are",
		is:    `{workloads: {capabilities: {allowedAdd: [` + numbered("CAPABILITY_%d", 65) + `]}}}`,
		wants: []string{`spec.workloads.capabilities.allowedAdd: Too many: 65: must have at most 64 items`},
	},
	{
		name:  "a path of a seccomp profile without the type that has one",
		is:    `{workloads: {seccompProfile: {allowed: [{type: RuntimeDefault, localhostProfile: a.json}]}}}`,
		wants: []string{`spec.workloads.seccompProfile.allowed[0]: Invalid value`, localhostMessage},
	},
	{
		name:  "a local seccomp profile without its path",
		is:    `{workloads: {seccompProfile: {allowed: [{type: RuntimeDefault}, {type: Localhost}]}}}`,
		wants: []string{`spec.workloads.seccompProfile.allowed[1]: Invalid value`, localhostMessage},
	},
	{
		name: "a seccomp profile of an unknown type",
		is:   `{workloads: {seccompProfile: {allowed: [{type: runtime/default}]}}}`,
		wants: []string{`spec.workloads.seccompProfile.allowed[0].type: Unsupported value: "runtime/default": ` +
			`supported values: "RuntimeDefault", "Localhost", "Unconfined"`},
	},
	{
		name:  "a seccomp profile without a type",
		is:    `{workloads: {seccompProfile: {allowed: [{localhostProfile: a.json}]}}}`,
		wants: []string{`spec.workloads.seccompProfile.allowed[0].type: Required value`},
	},
	{
		name:  "an empty list of seccomp profiles, under which nothing could run",
		is:    `{workloads: {seccompProfile: {allowed: []}}}`,
		wants: []string{`spec.workloads.seccompProfile.allowed`, `should have at least 1 items`},
	},
	{
		name:  "seccomp profiles without a list",
		is:    `{workloads: {seccompProfile: {}}}`,
		wants: []string{`spec.workloads.seccompProfile.allowed: Required value`},
	},
	{
		name:  "a namespace with an upper case letter",
		is:    `{scope: {namespaces: {include: [Shop]}}}`,
		wants: []string{`spec.scope.namespaces.include[0]: Invalid value: "Shop": ` + namespaceMessage},
	},
	{
		name:  "a namespace as a regular expression",
		is:    `{scope: {namespaces: {exclude: ["*", "kube-.+"]}}}`,
		wants: []string{`spec.scope.namespaces.exclude[1]: Invalid value: "kube-.+": ` + namespaceMessage},
	},
	{
		name:  "a namespace that is empty",
		is:    `{scope: {namespaces: {include: [""]}}}`,
		wants: []string{`spec.scope.namespaces.include[0]: Invalid value: "": ` + namespaceMessage},
	},
	{
		name:  "a namespace that is too long to exist",
		is:    `{scope: {namespaces: {include: [` + strings.Repeat("a", 64) + `]}}}`,
		wants: []string{`spec.scope.namespaces.include[0]: Too long: may not be more than 63 bytes`},
	},
	{
		name: "namespaces that choose nothing",
		is:   `{scope: {namespaces: {}}}`,
		wants: []string{`spec.scope.namespaces: Invalid value`,
			`must set include, exclude or both; leave namespaces out to choose every namespace`},
	},
	{
		name:  "an empty list of namespaces",
		is:    `{scope: {namespaces: {include: []}}}`,
		wants: []string{`spec.scope.namespaces.include`, `should have at least 1 items`},
	},
	{
		name:  "a kind that is not watched",
		is:    `{scope: {kinds: [Deployment, Rollout]}}`,
		wants: []string{`spec.scope.kinds[1]: Unsupported value: "Rollout": supported values: "Deployment", "StatefulSet"`},
	},
	{
		name:  "a kind twice",
		is:    `{scope: {kinds: [Deployment, Pod, Deployment]}}`,
		wants: []string{`spec.scope.kinds[2]: Duplicate value: "Deployment"`},
	},
	{
		name:  "a description that is a book",
		is:    `{description: ` + strings.Repeat("a", 4097) + `}`,
		wants: []string{`spec.description: Too long: may not be more than 4096 bytes`},
	},
}

const (
	capabilityMessage = `must be a capability as pods spell it: upper case and without the CAP_ prefix, such as NET_ADMIN or ALL`
	localhostMessage  = `must set localhostProfile when type is Localhost, and only then; localhostProfile: "*" allows every local profile`
	namespaceMessage  = `must be the name of a namespace: lower case letters, digits and -, with * for any run of characters`
	retentionMessage  = `must be a duration of hours, minutes and seconds, in this order, such as 24h or 1h30m, and at most 8760h (a year)`
	timeMessage       = `must be a time such as 2026-11-21T09:00:00Z`
)

func TestASecurityBaselineIsRefused(t *testing.T) {
	c := newClient(t)
	for _, tt := range refusedSpecs {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, baseline(t, "refused", tt.is), tt.wants)
		})
	}
}

func TestARetentionIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"in weeks":                               `"1 week"`,
		"in days":                                `1d`,
		"in milliseconds":                        `500ms`,
		"in fractions":                           `1.5h`,
		"without a unit":                         `"24"`,
		"empty":                                  `""`,
		"of more than a year":                    `9999999h`,
		"of an hour more than a year":            `8761h`,
		"of a second more than a year":           `8760h1s`,
		"before now":                             `-5m`,
		"beyond what a number of hours can hold": `99999999999999999999h`,
		"beyond what a duration can hold":        `9999h999999m99999999s`,
		"with its units in another order":        `30m1h`,
		"with a blank":                           `"1h 30m"`,
		"with a line break":                      `"24h\n"`,
		"in other digits":                        `٣h`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{reporting: {resolvedRetention: %s}}", is)
			expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.reporting.resolvedRetention: Invalid value: `, retentionMessage})
		})
	}
}

func TestANameThatIsTooLongForAMetricLabelIsRefused(t *testing.T) {
	c := newClient(t)
	expectRefused(t, c, baseline(t, strings.Repeat("a", 64), "{}"), []string{
		`the name of a SecurityBaseline must be at most 63 characters: it is a metric label and stands in every finding`,
	})
	if err := c.Create(t.Context(), baseline(t, strings.Repeat("a", 63), "{}"), client.DryRunAll); err != nil {
		t.Errorf("a name of 63 characters: %v", err)
	}
}

func expectRefused(t *testing.T, c client.Client, obj *unstructured.Unstructured, wants []string) {
	t.Helper()
	err := c.Create(t.Context(), obj, client.DryRunAll)
	if err == nil {
		t.Fatal("accepted, but must be refused")
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message does not say\n\t%s\nbut\n\t%v", want, err)
		}
	}
}

// numbered is a YAML list of n items without its brackets.
func numbered(format string, n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(items, ", ")
}
