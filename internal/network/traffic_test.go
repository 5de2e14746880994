package network_test

import (
	"net/netip"
	"testing"

	"plumbline.dev/plumbline/internal/network"
)

func TestAdmits(t *testing.T) {
	web, job := pod("shop", "app", "web"), pod("jobs", "app", "job")
	at := func(addr string) network.Peer { return network.Peer{Addr: netip.MustParseAddr(addr)} }
	of := func(p *network.Pod) network.Peer { return network.Peer{Pod: p} }
	for name, test := range map[string]struct {
		ingress string
		source  network.Peer
		port    network.Port
		want    network.Verdict
	}{
		"no rule lets nobody in":                                              {`[]`, of(web), anyPort, network.Denied},
		"an empty rule lets pods in":                                          {`[{}]`, of(job), tcp(80), network.Allowed},
		"an empty rule lets addresses in":                                     {`[{}]`, at("203.0.113.7"), tcp(80), network.Allowed},
		"an empty rule lets pods on the host's network in":                    {`[{}]`, of(onHost(pod("shop"))), tcp(80), network.Allowed},
		"a podSelector alone is about the policy's namespace":                 {`[{from: [{podSelector: {}}]}]`, of(web), tcp(80), network.Allowed},
		"a podSelector alone keeps other namespaces out":                      {`[{from: [{podSelector: {}}]}]`, of(job), tcp(80), network.Denied},
		"an empty namespaceSelector is every pod":                             {`[{from: [{namespaceSelector: {}}]}]`, of(job), tcp(80), network.Allowed},
		"an empty namespaceSelector is no address":                            {`[{from: [{namespaceSelector: {}}]}]`, at("203.0.113.7"), tcp(80), network.Denied},
		"a namespaceSelector looks at the labels of the namespace":            {`[{from: [{namespaceSelector: {matchLabels: {team: jobs}}}]}]`, of(job), tcp(80), network.Allowed},
		"a namespaceSelector does not look at the labels of the pod":          {`[{from: [{namespaceSelector: {matchLabels: {app: job}}}]}]`, of(job), tcp(80), network.Denied},
		"the name of a namespace is always a label":                           {`[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: jobs}}}]}]`, of(job), tcp(80), network.Allowed},
		"two selectors in one peer must both match":                           {`[{from: [{namespaceSelector: {matchLabels: {team: jobs}}, podSelector: {matchLabels: {app: web}}}]}]`, of(job), tcp(80), network.Denied},
		"two selectors in two peers are two chances":                          {`[{from: [{namespaceSelector: {matchLabels: {team: jobs}}}, {podSelector: {matchLabels: {app: web}}}]}]`, of(job), tcp(80), network.Allowed},
		"peers and ports must both match":                                     {`[{from: [{podSelector: {}}], ports: [{port: 443}]}]`, of(web), tcp(80), network.Denied},
		"rules are chances":                                                   {`[{from: [{podSelector: {}}], ports: [{port: 443}]}, {ports: [{port: 80}]}]`, of(web), tcp(80), network.Allowed},
		"a peer and a port of two rules do not make one":                      {`[{from: [{podSelector: {}}], ports: [{port: 443}]}, {from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}]`, of(web), tcp(80), network.Denied},
		"a port without a protocol is of TCP":                                 {`[{ports: [{port: 53}]}]`, of(web), udp(53), network.Denied},
		"a protocol without a port is every port":                             {`[{ports: [{protocol: UDP}]}]`, of(web), udp(53), network.Allowed},
		"a range begins with its port":                                        {`[{ports: [{port: 80, endPort: 90}]}]`, of(web), tcp(80), network.Allowed},
		"a range ends with its endPort":                                       {`[{ports: [{port: 80, endPort: 90}]}]`, of(web), tcp(90), network.Allowed},
		"a range ends after its endPort":                                      {`[{ports: [{port: 80, endPort: 90}]}]`, of(web), tcp(91), network.Denied},
		"any port is some port of a range":                                    {`[{ports: [{port: 80, endPort: 90}]}]`, of(web), anyPort, network.Allowed},
		"a name is what the target calls so":                                  {`[{ports: [{port: http}]}]`, of(web), tcp(8080), network.Allowed},
		"a name is every port of the target that is called so":                {`[{ports: [{port: http}]}]`, of(web), tcp(8081), network.Allowed},
		"a name goes with its protocol":                                       {`[{ports: [{port: http, protocol: UDP}]}]`, of(web), tcp(8080), network.Denied},
		"a name of the other protocol is another port":                        {`[{ports: [{port: http, protocol: UDP}]}]`, of(web), udp(9090), network.Allowed},
		"a name that the target does not have is no port":                     {`[{ports: [{port: sql}]}]`, of(web), anyPort, network.Denied},
		"any port is some port of a name":                                     {`[{ports: [{port: http}]}]`, of(web), anyPort, network.Allowed},
		"an address in a block gets in":                                       {`[{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]`, at("203.0.113.7"), tcp(80), network.Allowed},
		"an address that is mapped into IPv6 is the same":                     {`[{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]`, at("::ffff:203.0.113.7"), tcp(80), network.Allowed},
		"an address in except does not":                                       {`[{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/28]}}]}]`, at("203.0.113.7"), tcp(80), network.Denied},
		"what one block leaves out another lets in":                           {`[{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/28]}}, {ipBlock: {cidr: 203.0.113.7/32}}]}]`, at("203.0.113.7"), tcp(80), network.Allowed},
		"all of IPv4 is nothing of IPv6":                                      {`[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]`, at("2001:db8::1"), tcp(80), network.Denied},
		"a pod of which no address is known is in no block":                   {`[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]`, of(web), tcp(80), network.Denied},
		"a pod of which the address is known is in its block":                 {`[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]`, network.Peer{Pod: web, Addr: netip.MustParseAddr("10.1.1.1")}, tcp(80), network.Allowed},
		"no selector tells about a pod on the host's network":                 {`[{from: [{namespaceSelector: {}}]}]`, of(onHost(pod("shop"))), tcp(80), network.HostNetwork},
		"a pod on the host's network is let in by the address of its node":    {`[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]`, network.Peer{Pod: onHost(pod("shop")), Addr: netip.MustParseAddr("10.1.1.1")}, tcp(80), network.Allowed},
		"a pod whose namespace has other labels than asked for does not":      {`[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [jobs]}]}}]}]`, of(job), tcp(80), network.Denied},
		"a namespace without the label is not in a list of what it must be":   {`[{from: [{namespaceSelector: {matchExpressions: [{key: zone, operator: In, values: [a]}]}}]}]`, of(job), tcp(80), network.Denied},
		"a namespace without the label is not in a list of what it must not":  {`[{from: [{namespaceSelector: {matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}}]}]`, of(job), tcp(80), network.Allowed},
		"a rule that lets all into some ports only keeps others closed":       {`[{ports: [{port: 443}, {port: 8443}]}]`, at("203.0.113.7"), tcp(80), network.Denied},
		"a rule that lets all into some ports opens them to the host's too":   {`[{ports: [{port: 443}]}]`, of(onHost(pod("shop"))), tcp(443), network.Allowed},
		"a port that is closed to all is closed to the host's for all we see": {`[{ports: [{port: 443}]}]`, of(onHost(pod("shop"))), tcp(80), network.HostNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			got := network.Admits(compile(t, `{podSelector: {matchLabels: {app: api}}, ingress: `+test.ingress+`}`), api(), test.source, test.port)
			if got.Verdict != test.want {
				t.Errorf("got %s, want %s", got.Verdict, test.want)
			}
			if (got.By.Policy != nil) != (got.Verdict == network.Allowed) {
				t.Errorf("%s by %v", got.Verdict, got.By.Policy)
			}
		})
	}
}

func TestConnectAsksBothSides(t *testing.T) {
	web := pod("shop", "app", "web")
	toAPI := `{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: http}]}]}`
	fromWeb := `{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}`
	for name, test := range map[string]struct {
		policies       []string
		source, target *network.Pod
		out, in        network.Verdict
		passes         bool
	}{
		"no policy lets all through":                        {nil, web, api(), network.Unisolated, network.Unisolated, true},
		"what is let out and let in gets through":           {[]string{denyIngress, denyEgress, toAPI, fromWeb}, web, api(), network.Allowed, network.Allowed, true},
		"what is not let out does not":                      {[]string{denyEgress, fromWeb}, web, api(), network.Denied, network.Allowed, false},
		"what is not let in does not":                       {[]string{denyIngress, toAPI}, web, api(), network.Allowed, network.Denied, false},
		"a name in egress is looked up in the target":       {[]string{toAPI}, web, pod("shop", "app", "api"), network.Denied, network.Unisolated, false},
		"nobody says what a pod on the host's network does": {[]string{denyEgress}, onHost(pod("shop")), api(), network.HostNetwork, network.Unisolated, false},
		"nor what gets into one":                            {[]string{denyIngress}, web, onHost(api()), network.Unisolated, network.HostNetwork, false},
		"a pod that may send to no pod may not to the host": {[]string{denyEgress}, web, onHost(api()), network.HostNetwork, network.HostNetwork, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := network.Connect(compile(t, test.policies...), network.Peer{Pod: test.source}, network.Peer{Pod: test.target}, tcp(8080))
			if got.Out.Verdict != test.out || got.In.Verdict != test.in || got.Passes() != test.passes {
				t.Errorf("got out %s, in %s; want out %s, in %s", got.Out.Verdict, got.In.Verdict, test.out, test.in)
			}
		})
	}
}

func TestAnOpeningSaysWhereItStands(t *testing.T) {
	policies := compile(t, `{egress: [{ports: [{port: 53}]}, {to: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]}`, `{ingress: [{from: [{podSelector: {}}]}]}`)
	addr := network.Peer{Addr: netip.MustParseAddr("10.0.0.1")}
	for want, got := range map[string]network.Answer{
		"NetworkPolicy shop/a spec.egress[0]":                    network.Emits(policies, api(), addr, tcp(53)),
		"NetworkPolicy shop/a spec.egress[1].to[0]":              network.Emits(policies, api(), network.Peer{Pod: api()}, tcp(80)),
		"NetworkPolicy shop/a spec.egress[1].to[1] (10.0.0.0/8)": network.Emits(policies, api(), addr, tcp(80)),
		"NetworkPolicy shop/b spec.ingress[0].from[0]":           network.Admits(policies, api(), network.Peer{Pod: api()}, tcp(80)),
	} {
		if got.By.Policy == nil || got.By.String() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	if got := tcp(80).String() + ", " + anyPort.String(); got != "80/TCP, any port" {
		t.Errorf("got %s", got)
	}
}
