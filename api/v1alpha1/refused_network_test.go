package v1alpha1_test

import (
	"fmt"
	"testing"
)

const (
	directionsMessage = `must set ingress, egress or both`
	podChoiceMessage  = `must set namespaceSelector, podSelector or both; an empty selector ({}) chooses all`
	sourceMessage     = `must set either cidr, or namespaceSelector, podSelector or both`
	portMessage       = `must be a port from 1 to 65535 and a protocol, such as 5432/TCP`
	cidrMessage       = `must be a range of addresses such as 10.0.0.0/8 or 2001:db8::/32`
	labelMessage      = `must be latest or a version such as v1.36`
)

// Everything under networkPolicies.
var refusedNetworkPolicies = []refused{
	{
		name:  "a default deny in no direction",
		is:    `{defaultDeny: {}}`,
		wants: []string{`spec.networkPolicies.defaultDeny: Invalid value`, directionsMessage},
	},
	{
		name:  "an isolation in no direction",
		is:    `{isolation: {}}`,
		wants: []string{`spec.networkPolicies.isolation: Invalid value`, directionsMessage},
	},
	{
		name:  "a default deny that is forbidden",
		is:    `{defaultDeny: {ingress: Forbidden}}`,
		wants: []string{`spec.networkPolicies.defaultDeny.ingress: Unsupported value: "Forbidden": supported values: "Required"`},
	},
	{
		name:  "a direction by the name of a policy's type",
		is:    `{defaultDeny: {Ingress: Required}}`,
		wants: []string{`unknown field "spec.networkPolicies.defaultDeny.Ingress"`},
	},
	{
		name:  "an internet that is required",
		is:    `{internetEgress: Required}`,
		wants: []string{`spec.networkPolicies.internetEgress: Unsupported value: "Required": supported values: "Forbidden"`},
	},
	{
		name:  "an empty list of who may reach what",
		is:    `{reachability: []}`,
		wants: []string{`spec.networkPolicies.reachability`, atLeastOneItem},
	},
	{
		name:  "more of who may reach what than there may be",
		is:    `{reachability: [` + numbered("{to: {podSelector: {matchLabels: {n: l%d}}}, allowedFrom: []}", 33) + `]}`,
		wants: []string{`spec.networkPolicies.reachability: Too many: 33: must have at most 32 items`},
	},
}

// One entry of reachability.
var refusedReachability = []refused{
	{name: "that says nothing", is: `{}`, wants: []string{`reachability[0].to: Required value`, `reachability[0].allowedFrom: Required value`}},
	{
		name:  "of workloads that nothing chooses",
		is:    `{to: {}, allowedFrom: []}`,
		wants: []string{`reachability[0].to: Invalid value`, podChoiceMessage},
	},
	{
		name:  "without sources, where an empty list allows none",
		is:    `{to: {podSelector: {}}}`,
		wants: []string{`reachability[0].allowedFrom: Required value`},
	},
	{
		name:  "of no port",
		is:    `{to: {podSelector: {}}, ports: [], allowedFrom: []}`,
		wants: []string{`reachability[0].ports`, atLeastOneItem},
	},
	{
		name:  "of a port as a number",
		is:    `{to: {podSelector: {}}, ports: [5432], allowedFrom: []}`,
		wants: []string{`reachability[0].ports[0]: Invalid value: "integer"`, `must be of type string`},
	},
	{
		name:  "of a port twice",
		is:    `{to: {podSelector: {}}, ports: [5432/TCP, 5432/TCP], allowedFrom: []}`,
		wants: []string{`reachability[0].ports[1]: Duplicate value: "5432/TCP"`},
	},
	{
		name:  "of more ports than there may be",
		is:    `{to: {podSelector: {}}, ports: [` + numbered("80%d/TCP", 17) + `], allowedFrom: []}`,
		wants: []string{`reachability[0].ports: Too many: 17: must have at most 16 items`},
	},
	{
		name:  "from a source that is nobody",
		is:    `{to: {podSelector: {}}, allowedFrom: [{}]}`,
		wants: []string{`reachability[0].allowedFrom[0]: Invalid value`, sourceMessage},
	},
	{
		name:  "from a source that is pods and addresses",
		is:    `{to: {podSelector: {}}, allowedFrom: [{podSelector: {}, cidr: 10.0.0.0/8}]}`,
		wants: []string{`reachability[0].allowedFrom[0]: Invalid value`, sourceMessage},
	},
	{
		name:  "from a source as a policy spells it",
		is:    `{to: {podSelector: {}}, allowedFrom: [{ipBlock: {cidr: 10.0.0.0/8}}]}`,
		wants: []string{`unknown field "spec.networkPolicies.reachability[0].allowedFrom[0].ipBlock"`},
	},
}

// Everything under namespaces.podSecurityLabels.
var refusedLabels = []refused{
	{name: "that ask for nothing", is: `{}`, wants: []string{`podSecurityLabels: Invalid value`, `must set enforce, audit or warn`}},
	{
		name:  "at the level that asks for nothing",
		is:    `{enforce: privileged}`,
		wants: []string{`podSecurityLabels.enforce: Unsupported value: "privileged": supported values: "baseline", "restricted"`},
	},
	{
		name:  "of a version that is enforced without a level",
		is:    `{warn: baseline, enforceVersion: latest}`,
		wants: []string{`podSecurityLabels: Invalid value`, `enforceVersion must come with enforce`},
	},
	{
		name:  "of a version that is audited without a level",
		is:    `{enforce: baseline, auditVersion: latest}`,
		wants: []string{`podSecurityLabels: Invalid value`, `auditVersion must come with audit`},
	},
	{
		name:  "of a version that is warned about without a level",
		is:    `{enforce: baseline, warnVersion: latest}`,
		wants: []string{`podSecurityLabels: Invalid value`, `warnVersion must come with warn`},
	},
	{
		name:  "by the names of the labels",
		is:    `{enforce: baseline, enforce-version: latest}`,
		wants: []string{`unknown field "spec.namespaces.podSecurityLabels.enforce-version"`},
	},
}

func TestARuleOnNetworkPoliciesIsRefused(t *testing.T) {
	expectPartRefused(t, "{networkPolicies: %s}", refusedNetworkPolicies)
}

func TestAReachabilityIsRefused(t *testing.T) {
	expectPartRefused(t, "{networkPolicies: {reachability: [%s]}}", refusedReachability)
}

func TestLabelsOfPodSecurityAreRefused(t *testing.T) {
	expectPartRefused(t, "{namespaces: {podSecurityLabels: %s}}", refusedLabels)
}

func TestAPortIsRefused(t *testing.T) {
	expectValuesRefused(t, `{networkPolicies: {reachability: [{to: {podSelector: {}}, ports: [%s], allowedFrom: []}]}}`,
		`reachability[0].ports[0]: Invalid value: `, portMessage, map[string]string{
			"that is none":                 `0/TCP`,
			"beyond the last":              `65536/TCP`,
			"with a leading zero":          `080/TCP`,
			"below the first":              `-1/TCP`,
			"without a protocol":           `"5432"`,
			"of a protocol in lower case":  `5432/tcp`,
			"of an unknown protocol":       `1/ICMP`,
			"with the protocol before it":  `TCP/5432`,
			"by name":                      `https/TCP`,
			"that is a range":              `1-9/TCP`,
			"with a line break at its end": `"5432/TCP\n"`,
			"that is empty":                `""`,
		})
}

func TestARangeOfAddressesIsRefused(t *testing.T) {
	expectValuesRefused(t, `{networkPolicies: {reachability: [{to: {podSelector: {}}, allowedFrom: [{cidr: %s}]}]}}`,
		`reachability[0].allowedFrom[0].cidr: Invalid value: `, cidrMessage, map[string]string{
			"that is one address":         `10.0.0.1`,
			"with a mask too long":        `10.0.0.0/33`,
			"with a mask written out":     `10.0.0.0/255.0.0.0`,
			"with a leading zero":         `010.0.0.0/8`,
			"that is short":               `10/8`,
			"beyond the last address":     `10.0.0.256/32`,
			"of an interface":             `fe80::1%eth0/64`,
			"of IPv4 within IPv6":         `"::ffff:10.0.0.0/104"`,
			"that is a name":              `db.example.com`,
			"from here to there":          `10.0.0.1-10.0.0.9`,
			"with a blank":                `" 10.0.0.0/8"`,
			"that is empty":               `""`,
			"that is every one by a word": `any`,
		})
}

func TestAVersionOfALabelIsRefused(t *testing.T) {
	expectValuesRefused(t, `{namespaces: {podSecurityLabels: {enforce: baseline, enforceVersion: %s}}}`,
		`podSecurityLabels.enforceVersion: Invalid value: `, labelMessage, map[string]string{
			"without the v":       `"1.36"`,
			"with a patch":        `v1.36.3`,
			"with a leading zero": `v1.036`,
			"of another major":    `v2.0`,
			"in upper case":       `Latest`,
			"with a line break":   `"v1.36\n"`,
			"that is empty":       `""`,
		})
}

// expectPartRefused tries cases that hold only what stands at the %s of the spec.
func expectPartRefused(t *testing.T, spec string, cases []refused) {
	t.Helper()
	c := newClient(t)
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, baseline(t, "refused", fmt.Sprintf(spec, tt.is)), tt.wants)
		})
	}
}

// expectValuesRefused tries values at the %s of the spec, all of which are refused with one message.
func expectValuesRefused(t *testing.T, spec, field, message string, values map[string]string) {
	t.Helper()
	c := newClient(t)
	for name, is := range values {
		t.Run(name, func(t *testing.T) {
			expectRefused(t, c, baseline(t, "refused", fmt.Sprintf(spec, is)), []string{field, message})
		})
	}
}
