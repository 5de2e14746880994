package network_test

import (
	"net/netip"
	"reflect"
	"testing"

	"plumbline.dev/plumbline/internal/network"
)

func TestDefaultDeny(t *testing.T) {
	const (
		dns      = `{policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}`
		allowAll = `{egress: [{}]}`
		some     = `{podSelector: {matchLabels: {app: api}}, policyTypes: [Egress]}`
		provider = `{egress: [{to: [{ipBlock: {cidr: 52.0.0.0/8}}]}]}`
		internet = `{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [240.0.0.0/32]}}]}]}`
		lower    = `{egress: [{to: [{ipBlock: {cidr: 16.0.0.0/5}}]}]}`
		upper    = `{egress: [{to: [{ipBlock: {cidr: 24.0.0.0/5}}]}]}`
	)
	for name, test := range map[string]struct {
		policies []string
		by       string
		undone   []string
	}{
		"without policies there is none":                           {nil, "", []string{}},
		"one of another direction is none":                         {[]string{denyIngress}, "", []string{}},
		"the first by name is named":                               {[]string{denyIngress, denyEgress, denyEgress}, "b", []string{}},
		"a rule for something particular does not undo it":         {[]string{denyEgress, dns}, "a", []string{}},
		"and is one itself":                                        {[]string{dns}, "a", []string{}},
		"a policy that lets everything through is none":            {[]string{allowAll}, "a", []string{"a spec.egress[0]"}},
		"and undoes another":                                       {[]string{denyEgress, allowAll}, "a", []string{"b spec.egress[0]"}},
		"for some pods alone it does not":                          {[]string{denyEgress, `{podSelector: {matchLabels: {app: api}}, egress: [{}]}`}, "a", []string{}},
		"policies for some pods are none":                          {[]string{some, `{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}`}, "", []string{}},
		"a provider's addresses do not undo it":                    {[]string{provider, dns}, "a", []string{}},
		"the internet undoes it":                                   {[]string{denyEgress, internet}, "a", []string{"b spec.egress[0].to[0]"}},
		"parts of several policies undo it":                        {[]string{denyEgress, lower, upper}, "a", []string{"b spec.egress[0].to[0]", "c spec.egress[0].to[0]"}},
		"a part that counts twice does not":                        {[]string{lower, lower}, "a", []string{}},
		"a part for some pods does not count":                      {[]string{lower, `{podSelector: {matchLabels: {app: api}}, egress: [{to: [{ipBlock: {cidr: 24.0.0.0/5}}]}]}`}, "a", []string{}},
		"ports that policies share between them undo it":           {[]string{`{egress: [{ports: [{port: 1, endPort: 30000}]}]}`, `{egress: [{ports: [{port: 30001, endPort: 60000}]}]}`}, "a", []string{"a spec.egress[0]", "b spec.egress[0]"}},
		"ports of two protocols in two policies undo it each":      {[]string{`{egress: [{ports: [{protocol: UDP}]}]}`, `{egress: [{ports: [{protocol: TCP}]}]}`}, "a", []string{"a spec.egress[0]", "b spec.egress[0]"}},
		"a selector that only looks narrow undoes it":              {[]string{denyEgress, `{podSelector: {matchExpressions: [{key: nobody-has-this, operator: DoesNotExist}]}, egress: [{}]}`}, "a", []string{"b spec.egress[0]"}},
		"and so does one for all but a few":                        {[]string{denyEgress, `{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [db]}]}, egress: [{}]}`}, "a", []string{"b spec.egress[0]"}},
		"and one for the pods of a zone":                           {[]string{denyEgress, `{podSelector: {matchLabels: {topology.kubernetes.io/zone: eu-1a}}, egress: [{}]}`}, "a", []string{"b spec.egress[0]"}},
		"such a selector is no default deny":                       {[]string{`{podSelector: {matchExpressions: [{key: nobody-has-this, operator: DoesNotExist}]}, policyTypes: [Egress]}`}, "", []string{}},
		"rules in a direction that is not isolated have no effect": {[]string{denyEgress, `{policyTypes: [Ingress], egress: [{}]}`}, "a", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			policies := compile(t, test.policies...)
			for i, j := 0, len(policies)-1; i < j; i, j = i+1, j-1 { // the order that they come in does not matter
				policies[i], policies[j] = policies[j], policies[i]
			}
			got := network.DefaultDeny(policies, network.Egress)
			by := ""
			if got.By != nil {
				by = got.By.Ref.Name
			}
			if undone := pathsOf(got.Undone); by != test.by || !reflect.DeepEqual(undone, test.undone) {
				t.Errorf("got %q undone by %q, want %q undone by %q", by, undone, test.by, test.undone)
			}
			if want := test.by != "" && len(test.undone) == 0; got.Denies() != want {
				t.Errorf("it denies: %t", got.Denies())
			}
		})
	}
}

// All workloads of a cluster are asked about each time that anything changes around them, and nearly all are clean.
func TestCleanAnswersCostNoAllocation(t *testing.T) {
	policies := compile(t, denyIngress, denyEgress,
		`{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {namespaceSelector: {}}]}, {ports: [{port: 53, protocol: UDP}]}]}`)
	metadata := netip.MustParseAddr("169.254.169.254")
	p := api()
	for name, ask := range map[string]func() bool{
		"Isolated":    func() bool { return network.Isolated(policies, p, network.Egress) },
		"DefaultDeny": func() bool { return network.DefaultDeny(policies, network.Egress).Denies() },
		"AllowAll":    func() bool { return len(policies[2].AllowAll(network.Egress).By) == 0 },
		"Reaches":     func() bool { return network.Reaches(policies, p, metadata, tcp(80)).Verdict == network.Denied },
	} {
		if !ask() {
			t.Errorf("%s: not clean", name)
		}
		if n := testing.AllocsPerRun(100, func() { ask() }); n > 0 {
			t.Errorf("%s costs %v allocations", name, n)
		}
	}
	policies = compile(t, denyEgress, `{egress: [{to: [{ipBlock: {cidr: 8.8.8.0/24}}], ports: [{port: 53, protocol: UDP}]}]}`)
	if n := testing.AllocsPerRun(100, func() { network.Internet(policies, p) }); n > 0 {
		t.Errorf("Internet costs %v allocations", n)
	}
}
