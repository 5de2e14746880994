package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	checkMessage     = `must be the ID of a check, such as host-port`
	exceptionMessage = `must be lower case letters, digits and -, and begin and end with a letter or a digit, such as cfos-firewall`
	expiresMessage   = `must be a time such as 2027-01-31T00:00:00Z`
	ageMessage       = `must be a duration of hours, minutes and seconds, in this order, such as 2160h, more than 0 and at most 87600h (ten years)`
)

var refusedOverrides = []refused{
	{
		name: "checks that are switched off where no standard switches them on",
		is:   `{workloads: {privileged: Forbidden}, disabledChecks: [privileged]}`,
		wants: []string{`spec: Invalid value`,
			`disabledChecks switches checks of workloads.podSecurityStandard off, which is not set; leave out what is not to be judged`},
	},
	{
		name:  "checks that are switched off without workloads",
		is:    `{disabledChecks: [privileged]}`,
		wants: []string{`spec: Invalid value`, `disabledChecks switches checks of workloads.podSecurityStandard off, which is not set`},
	},
	{
		name:  "a check that is switched off twice",
		is:    `{workloads: {podSecurityStandard: {level: baseline, version: latest}}, disabledChecks: [host-port, host-port]}`,
		wants: []string{`spec.disabledChecks[1]: Duplicate value: "host-port"`},
	},
	{
		name:  "a check by the name of its field",
		is:    `{workloads: {podSecurityStandard: {level: baseline, version: latest}}, disabledChecks: [hostPorts]}`,
		wants: []string{`spec.disabledChecks[0]: Invalid value: "hostPorts": ` + checkMessage},
	},
	{
		name:  "two severities for a check",
		is:    `{severities: [{check: host-port, severity: Low}, {check: host-port, severity: High}]}`,
		wants: []string{`spec.severities[1]: Duplicate value`, `host-port`},
	},
	{
		name:  "a severity that there is not",
		is:    `{severities: [{check: host-port, severity: critical}]}`,
		wants: []string{`spec.severities[0].severity: Unsupported value: "critical": supported values: "Critical", "High", "Medium", "Low"`},
	},
	{
		name:  "a severity without a check",
		is:    `{severities: [{severity: Low}]}`,
		wants: []string{`spec.severities[0].check: Required value`},
	},
	{
		name:  "a severity of a check in upper case",
		is:    `{severities: [{check: Host-Port, severity: Low}]}`,
		wants: []string{`spec.severities[0].check: Invalid value: "Host-Port": ` + checkMessage},
	},
	{
		name:  "a policy for exceptions that asks for nothing",
		is:    `{exceptionPolicy: {}}`,
		wants: []string{`spec.exceptionPolicy: Invalid value`, `must set maxDuration, requireExpiry or both`},
	},
	{
		name:  "more exceptions than a baseline holds",
		is:    `{exceptions: [` + numbered("{name: e-%d, reason: r, checks: [privileged]}", 129) + `]}`,
		wants: []string{`spec.exceptions: Too many: 129: must have at most 128 items`},
	},
	{
		name:  "two exceptions of one name",
		is:    `{exceptions: [{name: e, reason: r, checks: [privileged]}, {name: e, reason: other, checks: [host-pid]}]}`,
		wants: []string{`spec.exceptions[1]: Duplicate value`, `e`},
	},
}

// refusedExceptions hold what stands in an exception besides its name.
var refusedExceptions = []refused{
	{
		name:  "without a reason",
		is:    `checks: [privileged]`,
		wants: []string{`spec.exceptions[0].reason: Required value`},
	},
	{
		name:  "with an empty reason",
		is:    `reason: "", checks: [privileged]`,
		wants: []string{`spec.exceptions[0].reason`, `must say why the findings are accepted`},
	},
	{
		name:  "with blanks for a reason",
		is:    `reason: "  \n", checks: [privileged]`,
		wants: []string{`spec.exceptions[0].reason: Invalid value`, `must say why the findings are accepted`},
	},
	{
		name:  "with a reason that is a book",
		is:    `checks: [privileged], reason: ` + strings.Repeat("a", 1025),
		wants: []string{`spec.exceptions[0].reason: Too long: may not be more than 1024 bytes`},
	},
	{
		name:  "without checks",
		is:    `reason: r`,
		wants: []string{`spec.exceptions[0].checks: Required value`},
	},
	{
		name:  "with an empty list of checks",
		is:    `reason: r, checks: []`,
		wants: []string{`spec.exceptions[0].checks`, atLeastOneItem},
	},
	{
		name:  "for every check by a pattern, which there is not",
		is:    `reason: r, checks: ["*"]`,
		wants: []string{`spec.exceptions[0].checks[0]: Invalid value: "*": ` + checkMessage},
	},
	{
		name:  "for a check without a name",
		is:    `reason: r, checks: [""]`,
		wants: []string{`spec.exceptions[0].checks[0]: Invalid value: "": ` + checkMessage},
	},
	{
		name:  "for a check twice",
		is:    `reason: r, checks: [privileged, privileged]`,
		wants: []string{`spec.exceptions[0].checks[1]: Duplicate value: "privileged"`},
	},
	{
		name: "for a target that chooses nothing",
		is:   `reason: r, checks: [privileged], targets: [{names: [a]}, {}]`,
		wants: []string{`spec.exceptions[0].targets[1]: Invalid value`,
			`must set namespaces, kinds or names; leave targets out to waive for every object`},
	},
	{
		name:  "for an empty list of targets, which would be all or none",
		is:    `reason: r, checks: [privileged], targets: []`,
		wants: []string{`spec.exceptions[0].targets`, atLeastOneItem},
	},
	{
		name:  "for an empty list of namespaces",
		is:    `reason: r, checks: [privileged], targets: [{namespaces: []}]`,
		wants: []string{`spec.exceptions[0].targets[0].namespaces`, atLeastOneItem},
	},
	{
		name:  "for a namespace with an upper case letter",
		is:    `reason: r, checks: [privileged], targets: [{namespaces: [shop, Shop]}]`,
		wants: []string{`spec.exceptions[0].targets[0].namespaces[1]: Invalid value: "Shop": ` + namespaceMessage},
	},
	{
		name:  "for more namespaces than a target holds",
		is:    `reason: r, checks: [privileged], targets: [{namespaces: [` + numbered("n-%d", 33) + `]}]`,
		wants: []string{`spec.exceptions[0].targets[0].namespaces: Too many: 33: must have at most 32 items`},
	},
	{
		name:  "for a kind with its group",
		is:    `reason: r, checks: [privileged], targets: [{kinds: [apps/Deployment]}]`,
		wants: []string{`spec.exceptions[0].targets[0].kinds[0]: Invalid value: "apps/Deployment": must be a kind such as Deployment, with * for any run of characters`},
	},
	{
		name:  "for an object without a name",
		is:    `reason: r, checks: [privileged], targets: [{names: [""]}]`,
		wants: []string{`spec.exceptions[0].targets[0].names[0]`, atLeastOneCharacter},
	},
	{
		name: "for a container that is not chosen",
		is:   `reason: r, checks: [privileged], containers: [{}]`,
		wants: []string{`spec.exceptions[0].containers[0]: Invalid value`,
			`must set name, image or both; both must match where both are set`},
	},
	{
		name:  "for a container without a name",
		is:    `reason: r, checks: [privileged], containers: [{name: "", image: "a*"}]`,
		wants: []string{`spec.exceptions[0].containers[0].name`, atLeastOneCharacter},
	},
	{
		name:  "for an empty list of containers",
		is:    `reason: r, checks: [privileged], containers: []`,
		wants: []string{`spec.exceptions[0].containers`, atLeastOneItem},
	},
	{
		name:  "for an empty list of values",
		is:    `reason: r, checks: [privileged], values: []`,
		wants: []string{`spec.exceptions[0].values`, atLeastOneItem},
	},
	{
		name:  "for a value that is empty",
		is:    `reason: r, checks: [privileged], values: [""]`,
		wants: []string{`spec.exceptions[0].values[0]`, atLeastOneCharacter},
	},
	{
		name:  "for a value twice",
		is:    `reason: r, checks: [added-capability], values: [NET_RAW, NET_RAW]`,
		wants: []string{`spec.exceptions[0].values[1]: Duplicate value: "NET_RAW"`},
	},
	{
		name:  "that ends on a day without a time",
		is:    `reason: r, checks: [privileged], expires: "2027-01-31"`,
		wants: []string{`spec.exceptions[0].expires: Invalid value: "2027-01-31"`, `date-time`},
	},
	{
		name:  "with an end that the format allows but Go cannot read",
		is:    `reason: r, checks: [privileged], expires: "2027-01-31t00:00:00z"`,
		wants: []string{`spec.exceptions[0].expires: Invalid value`, expiresMessage},
	},
	{
		name:  "with an end that lies in a year of five digits, which no format allows, once it is told in UTC",
		is:    `reason: r, checks: [privileged], expires: "9999-12-31T23:59:59-08:00"`,
		wants: []string{`spec.exceptions[0].expires: Invalid value`, expiresMessage},
	},
	{
		name:  "with the end that Go takes for none",
		is:    `reason: r, checks: [privileged], expires: "0001-01-01T00:00:00Z"`,
		wants: []string{`spec.exceptions[0].expires: Invalid value`, expiresMessage},
	},
}

func TestASeverityASwitchOrAnExceptionIsRefused(t *testing.T) {
	c := newClient(t)
	for _, tt := range refusedOverrides {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, baseline(t, "refused", tt.is), tt.wants)
		})
	}
}

func TestAnExceptionIsRefused(t *testing.T) {
	c := newClient(t)
	for _, tt := range refusedExceptions {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, baseline(t, "refused", "{exceptions: [{name: e, "+tt.is+"}]}"), tt.wants)
		})
	}
}

func TestANameOfAnExceptionIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"in upper case":          `CFOS`,
		"with a blank":           `"cfos firewall"`,
		"that begins with -":     `-cfos`,
		"that ends with -":       `cfos-`,
		"with a dot":             `cfos.firewall`,
		"that is empty":          `""`,
		"that ends with a break": `"cfos\n"`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{exceptions: [{name: %s, reason: r, checks: [privileged]}]}", is)
			expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.exceptions[0].name: Invalid value: `, exceptionMessage})
		})
	}
	spec := "{exceptions: [{name: " + strings.Repeat("a", 64) + ", reason: r, checks: [privileged]}]}"
	expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.exceptions[0].name: Too long: may not be more than 63 bytes`})
	if err := c.Create(t.Context(), baseline(t, "accepted", strings.Replace(spec, "aa", "a", 1)), client.DryRunAll); err != nil {
		t.Errorf("a name of 63 characters: %v", err)
	}
}

func TestAMaxDurationIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"of nothing":                        `0s`,
		"of nothing in three units":         `0h0m0s`,
		"before now":                        `-5m`,
		"in days":                           `90d`,
		"in milliseconds":                   `500ms`,
		"in fractions":                      `1.5h`,
		"without a unit":                    `"2160"`,
		"empty":                             `""`,
		"of a second more than ten years":   `87600h1s`,
		"beyond what a duration can hold":   `99999h9999999m999999999s`,
		"with its units in another order":   `30m1h`,
		"with a line break":                 `"2160h\n"`,
		"of more than a number of digits":   `0002160h`,
		"of more hours than a number holds": `99999999999999999999h`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{exceptionPolicy: {maxDuration: %s}}", is)
			expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.exceptionPolicy.maxDuration: Invalid value: `, ageMessage})
		})
	}
}

func TestAStatusOfAnExceptionIsRefused(t *testing.T) {
	c := newClient(t)
	stored := baseline(t, "exception-status", "{}")
	create(t, c, stored)
	for _, tt := range []refused{
		{
			name: "in a state that there is not",
			is:   `{name: e, state: Dormant, matched: 0}`,
			wants: []string{`status.exceptions[0].state: Unsupported value: "Dormant": supported values: ` +
				`"Active", "Expiring", "Expired", "Unused", "Invalid"`},
		},
		{
			name:  "that is told of twice",
			is:    `{name: e, state: Active, matched: 1}, {name: e, state: Unused, matched: 0}`,
			wants: []string{`status.exceptions[1]: Duplicate value`},
		},
		{
			name: "that says nothing",
			is:   `{}`,
			wants: []string{`status.exceptions[0].name: Required value`, `status.exceptions[0].state: Required value`,
				`status.exceptions[0].matched: Required value`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			obj := stored.DeepCopy()
			obj.Object["status"] = object(t, "{observedGeneration: 1, exceptions: ["+tt.is+"]}").Object
			err := c.Status().Update(t.Context(), obj, client.DryRunAll)
			if err == nil {
				t.Fatal("accepted, but must be refused")
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the message does not say\n\t%s\nbut\n\t%v", want, err)
				}
			}
		})
	}
}
